"""The first wire format, frozen: existing clients speak it today. `README.md` beside this file says what that means."""

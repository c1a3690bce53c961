"""The only code that appends events and changes state: read, decide, commit."""

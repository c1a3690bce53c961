"""The rules of couvert as pure functions: no clock, no I/O, no HTTP, no SQL; the standard library only."""

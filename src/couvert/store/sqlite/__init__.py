"""The store on SQLite: one file, one writer thread, point reads on the event loop."""

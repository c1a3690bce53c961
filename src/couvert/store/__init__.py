"""Log, state and vault behind one port, changed together in one transaction."""

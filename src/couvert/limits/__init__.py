"""Who asked how often: a port, and an engine of it that counts in this process."""

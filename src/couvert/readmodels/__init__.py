"""What lists, counts and the console read: followed from the log, written by no command, free to throw away."""

"""What webhooks are to be told, and how it went: a file of its own that follows the log."""

"""AWS Lambda: one handler for the API, one for the messages of the bulk queue; each wired once in its container."""

"""What SES publishes about a mail: which events, in which words, and when."""

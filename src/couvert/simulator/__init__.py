"""A stand-in for Amazon SES, SNS and SQS: it keeps what it takes, and fails when asked to."""

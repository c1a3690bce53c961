"""SQS: standard queues with long polling, visibility time-outs and dead letters."""

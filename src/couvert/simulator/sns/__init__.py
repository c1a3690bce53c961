"""SNS: topics, their subscribers, and notices that are signed as Amazon signs them."""

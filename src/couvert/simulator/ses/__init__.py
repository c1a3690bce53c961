"""SES v2, as its REST interface has it."""

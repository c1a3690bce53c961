"""OpenAPI documents as plain dictionaries: made, compared, read out as a page and told as a changelog."""

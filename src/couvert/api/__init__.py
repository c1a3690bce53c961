"""The doors over HTTP: what all wire formats share stands here, each format in a folder of its own."""

"""The platform API: one envelope, tokens, limits, and reads as fresh as asked."""

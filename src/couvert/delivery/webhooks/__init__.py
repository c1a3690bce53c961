"""Telling a receiver over HTTP: a small client that trusts nobody, and what it signs with."""

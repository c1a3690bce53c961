"""Couvert: a self-hosted mail API that tells the truth and loses nothing."""

__version__ = "0.1.0"

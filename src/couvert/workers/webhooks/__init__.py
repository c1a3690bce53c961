"""Tells webhooks of events, in a process of its own, so that it takes nothing from requests and deliveries."""

"""`/v2/webhooks`: who is told of events, with which secret, how it went, and telling again."""

from couvert.api.v2.webhooks.calls import webhook_calls

__all__ = ["webhook_calls"]

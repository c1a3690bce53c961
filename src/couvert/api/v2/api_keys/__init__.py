"""`/v2/api-keys`: the keys that /v1 is used with, their origins and what they are restricted to."""

from couvert.api.v2.api_keys.calls import api_key_calls

__all__ = ["api_key_calls"]

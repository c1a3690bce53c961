"""Users and their API tokens as resources of /v2."""

from couvert.api.v2.accounts.token_calls import token_calls
from couvert.api.v2.accounts.user_calls import user_calls

__all__ = ["token_calls", "user_calls"]

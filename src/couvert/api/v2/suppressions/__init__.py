"""`/v2/suppressions`: addresses that mail is kept from, one by one and as lists."""

from couvert.api.v2.suppressions.calls import suppression_calls

__all__ = ["suppression_calls"]

"""What travels with a message, so that a provider's notice tells which attempt it is about, even if it comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from couvert.domain import ids

DELIVERY: Final = "couvert-delivery"
ATTEMPT: Final = "couvert-attempt"
PREFIX: Final = "dlv"


def tags(delivery_id: int, attempt: int) -> dict[str, str]:
    """Letters, digits, `-` and `_` only, as SES wants them."""
    return {DELIVERY: ids.encode(PREFIX, delivery_id), ATTEMPT: str(attempt)}


def read(tagged: Mapping[str, str]) -> tuple[int, int] | None:
    """The delivery and the attempt, or None if a notice carries none of ours."""
    delivery_id = ids.decode(PREFIX, tagged.get(DELIVERY, ""))
    attempt = tagged.get(ATTEMPT, "")
    if delivery_id is None or not (attempt.isascii() and attempt.isdecimal() and 1 <= len(attempt) <= 9):
        return None
    return delivery_id, int(attempt)

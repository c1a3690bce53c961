"""When what a notice tells of happened, by the provider's clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from couvert.domain.sns import essence
from couvert.domain.times import to_ms

_PARTS: Final = ("delivery", "bounce", "complaint", "deliveryDelay")
"""Each with a time of its own; what else there is happened when the mail was taken."""


def told_at(raw: bytes) -> int | None:
    """In ms since 1970; None of what says no time: mails, and what is none of SES's notices."""
    try:
        notice = json.loads(essence(raw))
        part: Any = next((notice[name] for name in _PARTS if name in notice), None) or notice["mail"]
        at = datetime.fromisoformat(part["timestamp"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))

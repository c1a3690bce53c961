"""How a message is signed: Standard Webhooks, so that any of its libraries verifies it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from standardwebhooks.webhooks import Webhook

from couvert.domain.times import EPOCH, to_ms


def signed_headers(message_id: str, body: bytes, secrets: Iterable[str], now: int) -> dict[str, str]:
    """With one signature for each secret: while a secret is exchanged, either verifies."""
    at = EPOCH + timedelta(milliseconds=now)
    signatures = [Webhook(secret).sign(message_id, at, body.decode()) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(now // 1000),
        "webhook-signature": " ".join(signatures),
    }


def asked_ms(retry_after: str | None, now: int) -> int | None:
    """What `Retry-After` says, in seconds or as a date; None for what is neither."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdecimal():
        return int(retry_after[:9]) * 1000
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):  # the latter of a zone that is a million hours away
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0, to_ms(until) - now)

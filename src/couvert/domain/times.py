"""Times are milliseconds since 1970 inside, and written as RFC 3339 says outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LAST_MS: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MILLISECOND


def to_ms(time: datetime) -> int:
    """Of a time with a zone."""
    return (time - EPOCH) // _MILLISECOND


def rfc3339(ms: int) -> str:
    """`2026-01-31T12:00:00.000Z`. A mail that is due on the last day of the year 9999 is given up after it: that day
    is written instead, since nobody can write a later one.
    """
    return (EPOCH + min(ms, _LAST_MS) * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")

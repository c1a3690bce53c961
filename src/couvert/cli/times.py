"""Times as the command line shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_LAST_MS: Final = 253_402_300_799_000  # 9999-12-31 23:59:59


def to_ms(given: datetime | None) -> int | None:
    """Of a time that was given in UTC."""
    return int(given.replace(tzinfo=UTC).timestamp() * 1000) if given else None


def utc(ms: int | None) -> str:
    """`2025-01-27 10:30:00.123Z`, or a dash."""
    if ms is None:
        return "-"
    # What lies beyond is when a mail that is due then is given up.
    return datetime.fromtimestamp(min(ms, _LAST_MS) / 1000, UTC).isoformat(" ", "milliseconds").replace("+00:00", "Z")

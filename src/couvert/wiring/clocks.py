"""The machine's clock, as everything is wired to it."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Milliseconds since 1970, by the machine's clock."""
    return time.time_ns() // 1_000_000


def now_us() -> int:
    """Microseconds, by the same clock."""
    return time.time_ns() // 1_000

"""The clock: behind the log, jumping, or not synchronised; everything that is due or expires goes by it."""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from couvert.cli.times import utc
from couvert.domain.finding import Finding, note, well, wrong

if TYPE_CHECKING:
    from couvert.wiring import Parts

SKEW_MS: Final = 10_000
JUMP_MS: Final = 100
WATCHED_SECONDS: Final = 0.5
_TIMEX_BYTES: Final = 512
"""More than Linux's `struct timex` has, all zero: nothing is to be set."""
_TIME_ERROR: Final = 5


async def clock(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring

    jumped_ms = await _jumped_ms()
    now, last = wiring.now_ms(), await parts.store.last_event_at()
    if last is not None and last > now + SKEW_MS:
        return [wrong("clock", f"it is {utc(now)} here, but the last event was at {utc(last)}; set the clock (NTP)")]
    if abs(jumped_ms) > JUMP_MS:
        return [wrong("clock", f"it jumped by {jumped_ms:.0f} ms within a second; let one program alone set it (NTP)")]
    sentence = f"{utc(now)}, last event {utc(last)}"
    if is_synchronised() is False:
        return [
            note("clock", f"{sentence}; the system says that nothing synchronises it: start NTP (chrony, timesyncd)")
        ]
    return [well("clock", sentence)]


async def _jumped_ms() -> float:
    """How far the wall's clock moved against one that nobody sets."""
    before = time.time() - time.monotonic()
    await asyncio.sleep(WATCHED_SECONDS)
    return (time.time() - time.monotonic() - before) * 1000


def is_synchronised() -> bool | None:
    """As the kernel has it, whoever does it; None where it cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _TIME_ERROR)

"""Limits counted in this process: exact for one `serve`, forgotten when it stops."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from couvert.domain import allowance as rules
from couvert.domain.allowance import Allowance, Period, Standing

MOST: Final = 100_000
"""Periods held at once, some 30 MB; beyond that the oldest is forgotten, as if it had ended."""


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class MemoryLimits:
    """A period that begins goes to the end, so the oldest are always at the front.

    A plain dictionary would find its first entry only past all that were taken out before it.
    """

    def __init__(self, now_ms: Callable[[], int] = monotonic_ms, most: int = MOST) -> None:
        self.failures = 0  # counting in memory does not fail
        self._now_ms = now_ms
        self._most = most
        self._periods: OrderedDict[str, tuple[Period, Allowance]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._periods)

    async def count(self, who: str, allowance: Allowance, cost: int = 1) -> Standing:
        now = self._now_ms()
        known = self._periods.get(who)
        period, standing = rules.count(known and known[0], allowance, cost, now)
        if known is None or known[0].started_ms != period.started_ms:
            self._begin(who, now)
        self._periods[who] = period, allowance
        return standing

    async def look(self, who: str, allowance: Allowance, cost: int = 1) -> Standing:
        known = self._periods.get(who)
        return rules.look(known and known[0], allowance, cost, self._now_ms())

    def _begin(self, who: str, now: int) -> None:
        """Two go for each that comes, if they have ended: so the ended ones never pile up, and no call takes long."""
        self._periods.pop(who, None)
        for _ in range(2):
            oldest = next(iter(self._periods), None)
            if oldest is None:
                return
            if not (self._is_full() or rules.has_ended(*self._periods[oldest], now)):
                return
            del self._periods[oldest]

    def _is_full(self) -> bool:
        return len(self._periods) >= self._most

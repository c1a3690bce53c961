"""Forget what has served: idempotency keys past their window, and what API keys sent on days that are over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from couvert.domain.restrictions import DAY_MS
from couvert.store.port import Store

AT_ONCE: Final = 50
"""Rows a commit: each may lie on a page of its own that has to be fetched, 0.1 ms from an SSD, and requests wait."""


@dataclass(frozen=True, slots=True)
class ClearLeftovers:
    store: Store
    now_ms: Callable[[], int]
    window_ms: int
    """How long an idempotency key stands for its first request."""

    async def some(self) -> bool:
        """Whether there may be more."""
        now = self.now_ms()
        keys = await self.store.clear_idempotency(until=now - self.window_ms, limit=AT_ONCE)
        # Yesterday stays: other processes' clocks may not have got so far.
        days = await self.store.clear_key_usage(before_day=now // DAY_MS - 1, limit=AT_ONCE)
        return AT_ONCE in {keys, days}

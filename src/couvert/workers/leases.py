"""The leases that this process holds, prolonged while it works and known by a clock that no one sets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.port import Store

FIRST_BYTE_SECONDS: Final = 5.0
"""How long after *begun* was asked for the first byte may leave."""

log = structlog.get_logger()


class Leases:
    """`owner` names this process in the queue; leases run for `seconds` and are renewed after a third of it."""

    def __init__(self, store: Store, *, owner: int, seconds: float, now_ms: Callable[[], int]) -> None:
        self.owner = owner
        self.seconds = seconds
        self._store = store
        self._now_ms = now_ms
        self._held: dict[int, float] = {}

    def until(self) -> int:
        """When a lease taken now runs out, in ms."""
        return self._now_ms() + int(self.seconds * 1000)

    def hold(self, delivery_id: int, since: float) -> None:
        """The lease was taken, or prolonged, no earlier than `since` on the monotonic clock."""
        self._held[delivery_id] = since + self.seconds

    def drop(self, delivery_id: int) -> None:
        self._held.pop(delivery_id, None)

    def is_held(self, delivery_id: int) -> bool:
        return time.monotonic() < self._held.get(delivery_id, 0.0)

    def __len__(self) -> int:
        return len(self._held)

    async def keep_renewing(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(self.seconds / 3)
            since, held = time.monotonic(), list(self._held)
            if not held:
                continue
            try:
                await self._store.renew(owner=self.owner, deliveries=held, until=self.until())
            except Unavailable as trouble:
                log.warning("leases.not_renewed", held=len(held), trouble=trouble.message)
                continue
            for delivery_id in held:
                if delivery_id in self._held:
                    self.hold(delivery_id, since)

    def clearance(self, delivery_id: int, asked_at: float) -> HandOverClearance:
        return HandOverClearance(self, delivery_id, asked_at + FIRST_BYTE_SECONDS)


class HandOverClearance:
    """Asked immediately before bytes are written; a process paused right after the answer is the gap that remains."""

    __slots__ = ("_begin_by", "_delivery_id", "_leases")

    def __init__(self, leases: Leases, delivery_id: int, begin_by: float) -> None:
        self._leases = leases
        self._delivery_id = delivery_id
        self._begin_by = begin_by

    def may_begin(self) -> bool:
        return time.monotonic() < self._begin_by and self._leases.is_held(self._delivery_id)

    def may_complete(self) -> bool:
        return self._leases.is_held(self._delivery_id)

"""The leases that this process holds, prolonged while it works and known by a clock that no one sets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.port import Store

FIRST_BYTE_SECONDS: Final = 5.0
"""How long after *begun* was asked for the first byte may leave."""
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

log = structlog.get_logger()


def clock() -> float:
    """Seconds by a clock that nobody sets, and that goes on while the machine sleeps, as Linux's plain one does not."""
    return time.clock_gettime(_CLOCK)


class HeldLease:
    """One lease on one delivery, as far as this process can know: it ends here no later than in the queue."""

    __slots__ = ("delivery_id", "until")

    def __init__(self, delivery_id: int, until: float) -> None:
        self.delivery_id = delivery_id
        self.until = until

    def runs(self) -> bool:
        return clock() < self.until


class Leases:
    """`owner` names this process in the queue; leases run for `seconds` and are renewed after a third of it."""

    def __init__(self, store: Store, *, owner: int, seconds: float, now_ms: Callable[[], int]) -> None:
        self.owner = owner
        self.seconds = seconds
        self._store = store
        self._now_ms = now_ms
        self._held: dict[int, HeldLease] = {}

    def until(self) -> int:
        """When a lease taken now runs out, in ms."""
        return self._now_ms() + int(self.seconds * 1000)

    def hold(self, delivery_id: int, since: float) -> HeldLease:
        """A lease was taken no earlier than `since`; one that was held before must have run out, or none was given."""
        if delivery_id in self._held:
            self._held[delivery_id].until = 0.0
        self._held[delivery_id] = lease = HeldLease(delivery_id, since + self.seconds)
        return lease

    def drop(self, lease: HeldLease) -> None:
        if self._held.get(lease.delivery_id) is lease:
            del self._held[lease.delivery_id]

    def drop_all(self) -> list[int]:
        """Whose they were."""
        held = list(self._held)
        self._held.clear()
        return held

    async def give_back(self, dropped: Sequence[int]) -> None:
        """Those that are not begun are due again at once; the others run out by themselves."""
        try:
            await self._store.release(owner=self.owner, deliveries=dropped)
        except Unavailable as trouble:
            log.warning("leases.run_out", held=len(dropped), trouble=trouble.message)

    def holds(self, delivery_id: int) -> bool:
        return delivery_id in self._held

    def __len__(self) -> int:
        return len(self._held)

    async def keep_renewing(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(self.seconds / 3)
            if self._held:
                await self._renew(list(self._held.values()))

    async def _renew(self, held: Sequence[HeldLease]) -> None:
        since = clock()
        deliveries = [lease.delivery_id for lease in held]
        try:
            await self._store.renew(owner=self.owner, deliveries=deliveries, until=self.until())
        except Unavailable as trouble:
            log.warning("leases.not_renewed", held=len(held), trouble=trouble.message)
        except Exception:
            # Whatever it is, without renewals every hand-over that takes its time would end as unknown.
            log.exception("leases.not_renewed", held=len(held))
        else:
            for lease in held:
                # One that ran out before the answer came may have been somebody else's meanwhile: it stays over.
                if lease.runs():
                    lease.until = max(lease.until, since + self.seconds)

    def clearance(self, lease: HeldLease, asked_at: float) -> HandOverClearance:
        """For an attempt whose *begun* was asked for at `asked_at` and committed, which prolonged its lease."""
        lease.until = asked_at + self.seconds
        return HandOverClearance(lease, asked_at + FIRST_BYTE_SECONDS)


class HandOverClearance:
    """Asked immediately before bytes are written; a process paused right after the answer is the gap that remains."""

    __slots__ = ("_begin_by", "_lease")

    def __init__(self, lease: HeldLease, begin_by: float) -> None:
        self._lease = lease
        self._begin_by = begin_by

    def may_begin(self) -> bool:
        return clock() < self._begin_by and self._lease.runs()

    def may_complete(self) -> bool:
        return self._lease.runs()

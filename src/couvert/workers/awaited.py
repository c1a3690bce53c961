"""Who waits for an attempt to end, and is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from couvert.commands.settled import Settled
from couvert.domain.delivery import State
from couvert.workers.leases import Leases
from couvert.workers.passage import Passage


class Awaited:
    def __init__(self, passage: Passage, leases: Leases, now_ms: Callable[[], int]) -> None:
        self._passage = passage
        self._leases = leases
        self._now_ms = now_ms
        self._waiting: dict[int, list[asyncio.Future[Settled]]] = {}

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        if self._passage.trouble is not None:
            future.set_result(self.waits(delivery_id))
        else:
            self._waiting.setdefault(delivery_id, []).append(future)
        return future

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        others = [future for future in self._waiting.pop(delivery_id, ()) if future is not outcome]
        if others:
            self._waiting[delivery_id] = others

    def tell(self, end: Settled) -> None:
        for future in self._waiting.pop(end.delivery_id, ()):
            if not future.done():
                future.set_result(end)

    def tell_who_waits_in_vain(self) -> None:
        """For what nobody here holds, and nobody will take."""
        for delivery_id in [each for each in self._waiting if not self._leases.holds(each)]:
            self.tell(self.waits(delivery_id))

    def waits(self, delivery_id: int, words: str | None = None) -> Settled:
        """What is to be said of one that was not begun, and not for now."""
        return Settled(delivery_id, State.QUEUED, self._now_ms(), words=words or self._passage.trouble)

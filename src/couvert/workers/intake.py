"""Takes what is due from the queue, as much as the hands have room for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.port import QUEUE, Store, TakenDelivery
from couvert.workers.leases import Leases, clock
from couvert.workers.passage import Passage
from couvert.workers.porter import TROUBLE_SECONDS

POLL_SECONDS: Final = 0.25
"""How soon deliveries are noticed that another process made due."""

log = structlog.get_logger()


class Intake:
    def __init__(
        self,
        store: Store,
        leases: Leases,
        passage: Passage,
        *,
        hands: int,
        now_ms: Callable[[], int],
        wanted: asyncio.Event,
        put: Callable[[TakenDelivery, int, float], None],
    ) -> None:
        """`put` is given what was taken, its priority, and no earlier than when its lease was taken."""
        self._store = store
        self._leases = leases
        self._passage = passage
        self._now_ms = now_ms
        self._most = hands
        self._wanted = wanted
        self._put = put
        self.is_taking = False
        self._is_backlogged = False
        """The last look into the queue left something there."""

    @property
    def in_hand(self) -> int:
        """How many deliveries may wait here for a hand; with a pace, no more than leave within a second, so that what
        is more urgent and comes later passes most of them.
        """
        most, pacer = 2 * self._most, self._passage.pacer
        return most if pacer is None else min(most, max(2, int(pacer.per_second)))

    def one_is_done(self) -> None:
        if self._is_backlogged and len(self._leases) <= self._most:
            self._wanted.set()

    async def keep_taking(self) -> None:
        """Runs until the courier stops."""
        while not self._passage.is_stopping:
            try:
                await self._passage.gate.passed()
                if not await self._take():
                    await self._until_wanted()
            except Unavailable as trouble:
                log.warning("courier.waits", trouble=trouble.message)
                await asyncio.sleep(TROUBLE_SECONDS)
            except Exception:
                # Whatever it is, a courier that takes nothing any more would be a silent loss.
                log.exception("courier.cannot_take")
                await asyncio.sleep(TROUBLE_SECONDS)

    async def _take(self) -> bool:
        """Whether there may be more to do at once."""
        room = self._room
        if room == 0 or self._passage.is_stopping:
            return False
        due = await self._store.next_wake()
        if due is None or due > self._now_ms():
            return False
        since = clock()
        for each in await self._taken(room):
            self._put(each, each.stored.delivery.priority, since)
            room -= 1
        self._is_backlogged = room == 0
        return self._is_backlogged

    async def take_over(self, deliveries: Sequence[int]) -> list[int]:
        """As `Courier.take_over` says."""
        room = max(0, self.in_hand - len(self._leases)) if self._passage.takes_more else 0
        since = clock()
        taken = await self._store.take_over(
            owner=self._leases.owner, deliveries=deliveries[:room], until=self._leases.until()
        )
        for each in taken:
            self._put(each, each.stored.delivery.priority, since)
        if len(deliveries) > room:
            await self._store.release(owner=QUEUE, deliveries=deliveries[room:])
            self._wanted.set()
        return [each.stored.delivery.id for each in taken]

    @property
    def _room(self) -> int:
        """For how many more; 0 if it is not worth a look into the queue yet."""
        if self._passage.gate.is_on_trial:
            return max(0, 1 - len(self._leases))
        room = self.in_hand - len(self._leases)
        return room if room >= max(1, self.in_hand // 4) else 0

    async def _taken(self, most: int) -> list[TakenDelivery]:
        self.is_taking = True
        try:
            return await self._store.take(
                owner=self._leases.owner, now=self._now_ms(), until=self._leases.until(), limit=most
            )
        finally:
            self.is_taking = False

    async def _until_wanted(self) -> None:
        """Until a door says so, hands are free again, the next one is due, or it is time to look at what others did."""
        due = await self._store.next_wake()
        seconds = POLL_SECONDS if due is None else min(POLL_SECONDS, max(0.001, (due - self._now_ms()) / 1000))
        if self._room == 0:
            seconds = POLL_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()

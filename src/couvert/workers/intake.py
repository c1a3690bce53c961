"""Takes what is due from the queue, as much as the hands have room for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from couvert.domain.delivery import Delivery
from couvert.domain.fairness import BULK_AFTER
from couvert.domain.mail import BULK
from couvert.domain.refusals import Unavailable
from couvert.store.port import Store
from couvert.store.rows import QUEUE, TakenDelivery
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
        put: Callable[[TakenDelivery, float], None],
    ) -> None:
        """`put` is given what was taken, and no earlier than when its lease was taken."""
        self._store = store
        self._leases = leases
        self._passage = passage
        self._now_ms = now_ms
        self._most = hands
        self._wanted = wanted
        self._put = put
        self.is_taking = False
        self._at_hand: dict[int, int] = {}
        """What was taken and is not done yet, and its priority."""
        self._bulk_at_hand = 0
        self._is_backlogged = False
        """The last look into the queue left something there."""

    @property
    def in_hand(self) -> int:
        """How many deliveries may be at hand or wait here for one; with a pace, no more than leave within a second, so
        that what is more urgent and comes later passes most of them, and enough for slots to be reserved in blocks.
        """
        pacer = self._passage.pacer
        return 2 * self._most if pacer is None else min(3 * self._most, max(2, int(pacer.limits.per_second)))

    def _count(self, delivery: Delivery) -> None:
        # It may be there already: taken once more, since its lease ran out under a hand of ours.
        if delivery.id not in self._at_hand:
            self._at_hand[delivery.id] = delivery.priority
            self._bulk_at_hand += delivery.priority == BULK

    def is_done(self, delivery_id: int) -> None:
        self._bulk_at_hand -= self._at_hand.pop(delivery_id, None) == BULK
        if self._is_backlogged and len(self._at_hand) <= max(self.in_hand - self._most, self.in_hand // 2):
            self._wanted.set()

    def forget_all(self) -> None:
        """Whatever was taken is at hand no more."""
        self._at_hand.clear()
        self._bulk_at_hand = 0
        self._is_backlogged = False

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
        look_at = await self._store.next_look()
        if look_at is None or look_at > self._now_ms():
            return False
        since = clock()
        taken = await self._taken(room)
        for each in taken:
            self._count(each.stored.delivery)
            self._put(each, since)
        self._is_backlogged = len(taken) >= room
        return self._is_backlogged

    async def take_over(self, deliveries: Sequence[int]) -> list[int]:
        """As `Courier.take_over` says."""
        room = max(0, self.in_hand - len(self._leases)) if self._passage.takes_more else 0
        since = clock()
        taken = await self._store.take_over(
            owner=self._leases.owner, deliveries=deliveries[:room], until=self._leases.until()
        )
        for each in taken:
            self._count(each.stored.delivery)
            self._put(each, since)
        if len(deliveries) > room:
            await self._store.release(owner=QUEUE, deliveries=deliveries[room:])
            self._wanted.set()
        return [each.stored.delivery.id for each in taken]

    @property
    def _room(self) -> int:
        """For how many more, whatever the doors hand in; 0 if it is not worth a look into the queue yet."""
        if self._passage.gate.is_on_trial:
            return max(0, 1 - len(self._leases))
        room = self.in_hand - len(self._at_hand) + min(self._bulk_at_hand, self._bulk_beside)
        return room if room >= max(1, self.in_hand // 4) else 0

    @property
    def _bulk_beside(self) -> int:
        """So many are at hand in any case, for the line before the hands to let in after what passes them."""
        return 0 if self._passage.gate.is_on_trial else max(1, self.in_hand // BULK_AFTER)

    async def _taken(self, most: int) -> list[TakenDelivery]:
        self.is_taking = True
        try:
            return await self._store.take(
                owner=self._leases.owner,
                now=self._now_ms(),
                until=self._leases.until(),
                limit=most,
                bulk_beside=max(0, self._bulk_beside - self._bulk_at_hand),
            )
        finally:
            self.is_taking = False

    async def _until_wanted(self) -> None:
        """Until a door says so, hands are free again, the next one is due, or it is time to look at what others did."""
        due = await self._store.next_look()
        seconds = POLL_SECONDS if due is None else min(POLL_SECONDS, max(0.001, (due - self._now_ms()) / 1000))
        if self._room == 0:
            seconds = POLL_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()

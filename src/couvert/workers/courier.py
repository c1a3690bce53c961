"""The courier takes what is due and hands it over: build the message, reserve a channel, record *begun*, send, record.

A fixed number of hands work side by side, so that at most that many deliveries are begun and undecided.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Final, NamedTuple

import structlog

from couvert.commands.accept import Accepted, Lease
from couvert.commands.attempts import Attempts
from couvert.commands.settled import Settled, settled
from couvert.delivery.letters import Letters
from couvert.delivery.transport import Channel, Clearance, Message, Outcome, Transport, Unknown, Unreachable
from couvert.domain.delivery import State
from couvert.domain.mail import TRANSACTIONAL, Recipient
from couvert.domain.refusals import Unavailable
from couvert.store.port import Store, StoredDelivery, TakenDelivery
from couvert.workers.gate import Gate
from couvert.workers.leases import Leases

POLL_SECONDS: Final = 0.25
"""How soon deliveries are noticed that another process made due."""

log = structlog.get_logger()


class _Job(NamedTuple):
    priority: int
    order: int
    """Unique, so that jobs compare without a look at what they carry."""
    taken: TakenDelivery


class Courier:
    """Implements `commands.send.Courier` for the doors of the same process."""

    def __init__(
        self,
        store: Store,
        attempts: Attempts,
        letters: Letters,
        transport: Transport,
        leases: Leases,
        *,
        hands: int,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._letters = letters
        self._transport = transport
        self._leases = leases
        self._now_ms = now_ms
        self._hands = hands
        self._in_hand = 2 * hands
        self._gate = Gate(transport)
        self._jobs: asyncio.PriorityQueue[_Job] = asyncio.PriorityQueue()
        self._order = count()
        self._waiting: dict[int, list[asyncio.Future[Settled]]] = {}
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._busy = 0
        self._is_backlogged = False
        """The last look into the queue left something there."""
        self._is_stopping = False

    # --- As the doors see it ------------------------------------------------------------------------------------------

    def lease(self) -> Lease | None:
        if self._is_stopping or self._gate.trouble or len(self._leases) >= 2 * self._in_hand:
            return None
        return Lease(self._leases.owner, self._leases.until())

    def hand_in(self, accepted: Accepted, recipient: Recipient) -> None:
        self._letters.remember(accepted.content)
        self._put(TakenDelivery(accepted.deliveries[0], recipient), TRANSACTIONAL)

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        if self._gate.trouble is not None:
            future.set_result(Settled(delivery_id, State.QUEUED, self._now_ms(), words=self._gate.trouble))
        else:
            self._waiting.setdefault(delivery_id, []).append(future)
        return future

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        others = [future for future in self._waiting.pop(delivery_id, ()) if future is not outcome]
        if others:
            self._waiting[delivery_id] = others

    def wake(self) -> None:
        self._wanted.set()

    # --- Its life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._leases.keep_renewing()), asyncio.create_task(self._feed())]
        self._tasks += [asyncio.create_task(self._work()) for _ in range(self._hands)]

    async def stop(self) -> None:
        """Begin nothing more, let hand-overs in flight end, give the other leases back."""
        self._is_stopping = True
        self._wanted.set()
        while self._busy or not self._jobs.empty():  # noqa: ASYNC110 - once in a life, and nothing else would set an event
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._transport.close()

    # --- Taking -------------------------------------------------------------------------------------------------------

    async def _feed(self) -> None:
        while not self._is_stopping:
            try:
                await self._gate.passed()
                if not await self._take():
                    await self._until_wanted()
            except Unavailable as trouble:
                log.warning("courier.waits", trouble=trouble.message)
                await asyncio.sleep(1)

    async def _take(self) -> bool:
        """Whether there may be more to do at once."""
        room = self._in_hand - len(self._leases)
        if room < self._hands // 2 or self._is_stopping:
            return False
        due = await self._store.next_wake()
        if due is None or due > self._now_ms():
            return False
        since = time.monotonic()
        taken = await self._store.take(
            owner=self._leases.owner, now=self._now_ms(), until=self._leases.until(), limit=room
        )
        for each in taken:
            self._put(each, each.stored.delivery.priority, since)
        self._is_backlogged = len(taken) == room
        return self._is_backlogged

    def _put(self, taken: TakenDelivery, priority: int, since: float | None = None) -> None:
        self._leases.hold(taken.stored.delivery.id, time.monotonic() if since is None else since)
        self._jobs.put_nowait(_Job(priority, next(self._order), taken))

    async def _until_wanted(self) -> None:
        """Until a door says so, hands are free again, the next one is due, or it is time to look at what others did."""
        due = await self._store.next_wake()
        seconds = POLL_SECONDS if due is None else min(POLL_SECONDS, max(0.001, (due - self._now_ms()) / 1000))
        if len(self._leases) > self._in_hand - self._hands // 2:
            seconds = POLL_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()

    # --- Handing over -------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            delivery_id = job.taken.stored.delivery.id
            self._busy += 1
            try:
                end = await self._deliver(job.taken)
                if end is not None:
                    self._tell(end)
            except Exception:
                # The delivery stays leased, comes back when the lease runs out, and then says what it knows.
                log.exception("courier.stumbled", delivery=delivery_id)
            finally:
                self._busy -= 1
                self._leases.drop(delivery_id)
                if self._is_backlogged and len(self._leases) <= self._hands:
                    self._wanted.set()

    async def _deliver(self, taken: TakenDelivery) -> Settled | None:
        """What became of it; None if it is somebody else's now."""
        stored, recipient = taken
        if stored.delivery.is_begun:
            return await self._attempts.lose(stored)
        if self._is_stopping or self._gate.trouble is not None:
            return await self._give_back(stored)
        try:
            message = await self._letters.message(stored.delivery, recipient)
        except Unavailable:
            return await self._give_back(stored)
        except Exception as error:
            log.exception("courier.cannot_build", delivery=stored.delivery.id)
            return await self._attempts.refuse(stored, f"the message cannot be built: {error}")
        try:
            channel = await self._transport.channel()
        except Unreachable as trouble:
            self._gate.close(str(trouble))
            return await self._give_back(stored)
        return await self._hand_over(stored, message, channel)

    async def _hand_over(self, stored: StoredDelivery, message: Message, channel: Channel) -> Settled | None:
        asked_at = time.monotonic()
        try:
            begun = await self._attempts.begin(stored)
        except BaseException:
            channel.release()
            raise
        if begun is None or not begun.delivery.is_begun:
            channel.release()
            return await settled(self._store, stored.delivery.id) if begun else None
        self._leases.hold(begun.delivery.id, asked_at)
        outcome = await self._outcome(channel, message, self._leases.clearance(begun.delivery.id, asked_at))
        return await self._attempts.record(begun, outcome)

    async def _outcome(self, channel: Channel, message: Message, clearance: Clearance) -> Outcome:
        try:
            return await channel.hand_over(message, clearance)
        except Exception as error:
            log.exception("courier.transport_stumbled", delivery=message.delivery_id)
            return Unknown(f"the transport stumbled: {error!r}")

    async def _give_back(self, stored: StoredDelivery) -> Settled | None:
        """Not begun, and not now: due again for whoever is able to."""
        await self._store.release(owner=self._leases.owner, deliveries=[stored.delivery.id])
        return Settled(stored.delivery.id, State.QUEUED, self._now_ms(), words=self._gate.trouble)

    def _tell(self, end: Settled) -> None:
        for future in self._waiting.pop(end.delivery_id, ()):
            if not future.done():
                future.set_result(end)

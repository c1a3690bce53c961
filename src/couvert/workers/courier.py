"""The courier takes what is due and hands it over, with a fixed number of hands that work side by side, so that at most
that many deliveries are begun and undecided.

`intake` takes from the queue, `porter` is what a hand does, `passage` the way to the provider; here they are put
together, as the doors of the same process see them. A mail whose sender waits may be accepted as begun: then a hand
with a channel is reserved before, and one commit is spared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from couvert.commands.accept import Accepted, Lease
from couvert.commands.attempts import Attempts
from couvert.commands.settled import Settled
from couvert.delivery.letters import Letters
from couvert.delivery.transport import Transport
from couvert.domain.mail import Recipient
from couvert.store.port import Store
from couvert.store.rows import TakenDelivery
from couvert.workers.awaited import Awaited
from couvert.workers.expiry import keep_expiring
from couvert.workers.hands import Hands, PacedHands
from couvert.workers.intake import Intake
from couvert.workers.jobs import Job
from couvert.workers.leases import Leases, clock
from couvert.workers.pace import Pacer
from couvert.workers.passage import Passage
from couvert.workers.porter import Porter
from couvert.workers.ready_hand import ReadyHand

MOST_BYTES: Final = 256_000_000
"""Of messages under way."""
STOP_SECONDS: Final = 300.0
"""How long to wait at the end for what is begun: the longest hand-over, and then some for a disk that is full."""

log = structlog.get_logger()


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
        most_bytes: int = MOST_BYTES,
        pacer: Pacer | None = None,
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._letters = letters
        self._leases = leases
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.passage = passage = Passage(transport, pacer, self._wanted)
        self._awaited = Awaited(passage, leases, now_ms)
        self._intake = Intake(store, leases, passage, hands=hands, now_ms=now_ms, wanted=self._wanted, put=self._put)
        self.porter = porter = Porter(
            store,
            attempts,
            letters,
            leases,
            passage=passage,
            awaited=self._awaited,
            now_ms=now_ms,
            most_bytes=most_bytes,
            put_down=self._was_put_down,
        )
        self.hands: Hands[Job] = (
            Hands(hands, porter.attend_to) if pacer is None else PacedHands(hands, porter.attend_to, pacer)
        )
        self.hand_overs = passage.hand_overs
        self.load = porter.load

    # --- As the doors see it ------------------------------------------------------------------------------------------

    def lease(self) -> Lease | None:
        if not self.passage.takes_more or len(self._leases) >= 2 * self._intake.in_hand:
            return None
        return Lease(self._leases.owner, self._leases.until())

    def hand_in(self, accepted: Accepted, recipient: Recipient) -> None:
        self._letters.remember(accepted.content, accepted.bodies)
        self._put(TakenDelivery(accepted.deliveries[0], recipient), clock())

    async def ready(self) -> ReadyHand | None:
        passage = self.passage
        if not passage.takes_more or not self.hands.reserve():
            return None
        slot = None
        if passage.pacer is not None and (slot := await passage.pacer.soon()) is None:
            self.hands.free()
            return None
        channel = await passage.transport.free_channel()
        if channel is None:
            passage.put_back(slot)
            self.hands.free()
            return None
        lease = Lease(self._leases.owner, self._leases.until(), begins=True)
        return ReadyHand(self.hands, self.porter, passage, channel, lease, slot)

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        return self._awaited.expect(delivery_id)

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        self._awaited.forget(delivery_id, outcome)

    def wake(self) -> None:
        self._wanted.set()
        if self.passage.is_stopping:
            self._awaited.tell_who_waits_in_vain()

    async def take_over(self, deliveries: Sequence[int]) -> list[int]:
        """Hand over, of those that wait in the queue's name, as many as there is room for here; those are returned. The
        rest is due for whoever takes it. Raises `Unavailable`.
        """
        return await self._intake.take_over(deliveries)

    # --- As it is watched ---------------------------------------------------------------------------------------------

    @property
    def leases_held(self) -> int:
        return len(self._leases)

    async def oldest_due_at(self) -> int | None:
        """Of those that wait for a worker, or for a hand of this one: these are leased, and the queue does not show
        them as due. None if there are none. Raises `Unavailable`.
        """
        waiting = [job.taken.stored.delivery.due_at for job in self.hands.waiting]
        return min((at for at in (await self._store.next_wake(), *waiting) if at is not None), default=None)

    @property
    def is_at_work(self) -> bool:
        return self._intake.is_taking or self.hands.are_at_work

    @property
    def trouble(self) -> str | None:
        """Why nothing is handed over at the moment, None if all is well."""
        return self.passage.trouble

    # --- Its life -----------------------------------------------------------------------------------------------------

    def start(self, *, takes_due: bool = True) -> None:
        """Without `takes_due`, only what the doors of this process hand in is sent; the rest is left to others."""
        self.passage.start(may_try=takes_due)
        works = [self._leases.keep_renewing()]
        if takes_due:
            works += [self._intake.keep_taking(), keep_expiring(self._attempts)]
        if takes_due and self.passage.pacer is not None:
            works.append(self.passage.pacer.limits.keep_learning())
        self._tasks = [asyncio.create_task(work) for work in works]

    def begin_nothing_more(self) -> None:
        """Told to stop, while requests in flight still end."""
        self.passage.stop()
        self.wake()

    async def stop(self) -> None:
        await self.rest(STOP_SECONDS)
        await self.passage.transport.close()

    async def rest(self, within_seconds: float) -> None:
        """Begin nothing more, let hand-overs in flight end, give the other leases back, close all connections. `start`
        goes on from here, however long this process slept meanwhile.
        """
        self.begin_nothing_more()
        until = clock() + within_seconds
        while self.is_at_work and clock() < until:  # noqa: ASYNC110 - once in a life, nothing would set an event
            await asyncio.sleep(0.01)
        if self.is_at_work:
            log.error("courier.stopped_in_doubt", deliveries=list(self.porter.at_hand))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        held = self._leases.drop_all()
        await self.hands.abandon()
        await self._leases.give_back(held)
        self._intake.forget_all()
        await self.passage.rest()

    # --- Between its parts --------------------------------------------------------------------------------------------

    def _put(self, taken: TakenDelivery, since: float) -> None:
        delivery = taken.stored.delivery
        self.hands.give(Job(delivery.priority, delivery.poster, taken, self._leases.hold(delivery.id, since)))

    def _was_put_down(self, delivery_id: int, waiting: Job | None) -> None:
        if waiting is not None:
            self.hands.give(waiting)
        else:
            self._intake.is_done(delivery_id)

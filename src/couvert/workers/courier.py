"""The courier takes what is due and hands it over: build the message, reserve a channel, record *begun*, send, record.

A fixed number of hands work side by side, so that at most that many deliveries are begun and undecided. A mail whose
sender waits may be accepted as begun: then a hand with a channel is reserved before, and one commit is spared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final, NamedTuple

import structlog

from couvert.commands.accept import Accepted, Lease
from couvert.commands.attempts import Attempts
from couvert.commands.settled import Settled, settled
from couvert.delivery.letters import Letters
from couvert.delivery.transport import (
    Channel,
    Clearance,
    Held,
    Message,
    Outcome,
    Refused,
    Throttled,
    Transport,
    Unknown,
    Unreachable,
    Withheld,
)
from couvert.domain.delivery import State
from couvert.domain.mail import TRANSACTIONAL, Recipient
from couvert.domain.refusals import Unavailable
from couvert.store.port import Store, StoredDelivery, TakenDelivery
from couvert.workers.expiry import keep_expiring
from couvert.workers.gate import Gate
from couvert.workers.hand_overs import HandOvers
from couvert.workers.hands import Hands, PacedHands
from couvert.workers.leases import HeldLease, Leases, clock
from couvert.workers.load import Load
from couvert.workers.pace import Pacer, Slot

MOST_BYTES: Final = 256_000_000
"""Of messages under way."""
POLL_SECONDS: Final = 0.25
"""How soon deliveries are noticed that another process made due."""
TROUBLE_SECONDS: Final = 1.0
"""How long to let the store alone when it cannot be read or written."""

STOP_SECONDS: Final = 300.0
"""How long to wait at the end for what is begun: the longest hand-over, and then some for a disk that is full."""

log = structlog.get_logger()


class _Job(NamedTuple):
    priority: int
    order: int
    """Unique, so that jobs compare without a look at what they carry."""
    taken: TakenDelivery
    lease: HeldLease


class ReadyHand:
    """Implements `commands.send.Hand`: a hand and a channel, until it has taken one mail or is put back."""

    __slots__ = ("_courier", "channel", "lease", "since", "slot")

    def __init__(self, courier: Courier, channel: Channel, lease: Lease, since: float, slot: Slot | None) -> None:
        self._courier = courier
        self.channel = channel
        self.lease = lease
        self.since = since
        self.slot = slot

    def take(self, accepted: Accepted, recipient: Recipient) -> None:
        self._courier.hands.take(self._courier.finish(self, accepted, recipient))

    def put_back(self) -> None:
        self.channel.release()
        self._courier.put_back(self.slot)
        self._courier.hands.free()

    def put_back_in_doubt(self, accepted: Accepted) -> None:
        self.channel.release()
        self._courier.put_back(self.slot)
        self._courier.hands.take(self._courier.withdraw(accepted))


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
        self._transport = transport
        self._leases = leases
        self._now_ms = now_ms
        self._most = hands
        self._pacer = pacer
        self._gate = Gate(transport)
        self.hands: Hands[_Job] = (
            Hands(hands, self._attend_to) if pacer is None else PacedHands(hands, self._attend_to, pacer)
        )
        self.hand_overs = HandOvers(transport.name)
        self.load = Load(most_bytes)
        self._order = count()
        self._waiting: dict[int, list[asyncio.Future[Settled]]] = {}
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._at_hand: dict[int, _Job | None] = {}
        """Deliveries that a hand is at, and the job that has to wait for it, if the queue gave one out once more."""
        self._is_taking = False
        self._is_backlogged = False
        """The last look into the queue left something there."""
        self._is_stopping = False

    # --- As the doors see it ------------------------------------------------------------------------------------------

    def lease(self) -> Lease | None:
        if self._is_stopping or self._is_held_up or len(self._leases) >= 2 * self._in_hand:
            return None
        return Lease(self._leases.owner, self._leases.until())

    def hand_in(self, accepted: Accepted, recipient: Recipient) -> None:
        self._letters.remember(accepted.content, accepted.bodies)
        self._put(TakenDelivery(accepted.deliveries[0], recipient), TRANSACTIONAL, clock())

    async def ready(self) -> ReadyHand | None:
        if self._is_stopping or self._is_held_up or not self.hands.reserve():
            return None
        slot = None
        if self._pacer is not None and (slot := await self._pacer.soon()) is None:
            self.hands.free()
            return None
        channel = await self._transport.free_channel()
        if channel is None:
            self.put_back(slot)
            self.hands.free()
            return None
        return ReadyHand(self, channel, Lease(self._leases.owner, self._leases.until(), begins=True), clock(), slot)

    def put_back(self, slot: Slot | None) -> None:
        if slot is not None and self._pacer is not None:
            self._pacer.put_back(slot)

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        if self.trouble is not None:
            future.set_result(self._waits(delivery_id))
        else:
            self._waiting.setdefault(delivery_id, []).append(future)
        return future

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        others = [future for future in self._waiting.pop(delivery_id, ()) if future is not outcome]
        if others:
            self._waiting[delivery_id] = others

    def wake(self) -> None:
        self._wanted.set()
        if self._is_stopping:
            self._tell_who_waits_in_vain()

    # --- As it is watched ---------------------------------------------------------------------------------------------

    @property
    def leases_held(self) -> int:
        return len(self._leases)

    @property
    def trouble(self) -> str | None:
        """Why nothing is handed over at the moment, None if all is well."""
        return self._gate.trouble or (self._pacer.trouble if self._pacer is not None else None)

    @property
    def _is_held_up(self) -> bool:
        """Mails are best left to the queue."""
        return self._gate.is_on_trial or self.trouble is not None

    @property
    def _in_hand(self) -> int:
        """How many deliveries may wait here for a hand; with a pace, no more than leave within a second, so that what
        is more urgent and comes later passes most of them.
        """
        most = 2 * self._most
        return most if self._pacer is None else min(most, max(2, int(self._pacer.per_second)))

    @property
    def _room(self) -> int:
        """For how many more; 0 if it is not worth a look into the queue yet."""
        if self._gate.is_on_trial:
            return max(0, 1 - len(self._leases))
        room = self._in_hand - len(self._leases)
        return room if room >= max(1, self._in_hand // 4) else 0

    # --- Its life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        works = self._leases.keep_renewing(), self._feed(), keep_expiring(self._attempts)
        self._tasks = [asyncio.create_task(work) for work in works]
        if self._pacer is not None:
            self._tasks.append(asyncio.create_task(self._pacer.keep_learning()))

    def begin_nothing_more(self) -> None:
        """Told to stop, while requests in flight still end."""
        self._is_stopping = True
        if self._pacer is not None:
            self._pacer.stop()
        self.wake()

    async def stop(self) -> None:
        """Begin nothing more, let hand-overs in flight end, give the other leases back."""
        self.begin_nothing_more()
        until = clock() + STOP_SECONDS
        while self._is_at_work() and clock() < until:  # noqa: ASYNC110 - once in a life, nothing would set an event
            await asyncio.sleep(0.01)
        if self._is_at_work():
            log.error("courier.stopped_in_doubt", deliveries=list(self._at_hand))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._transport.close()

    def _is_at_work(self) -> bool:
        return self._is_taking or self.hands.are_at_work

    # --- Taking -------------------------------------------------------------------------------------------------------

    async def _feed(self) -> None:
        while not self._is_stopping:
            try:
                await self._gate.passed()
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
        if room == 0 or self._is_stopping:
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

    async def _taken(self, most: int) -> list[TakenDelivery]:
        self._is_taking = True
        try:
            return await self._store.take(
                owner=self._leases.owner, now=self._now_ms(), until=self._leases.until(), limit=most
            )
        finally:
            self._is_taking = False

    def _put(self, taken: TakenDelivery, priority: int, since: float) -> None:
        lease = self._leases.hold(taken.stored.delivery.id, since)
        self.hands.give(_Job(priority, next(self._order), taken, lease))

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

    # --- Handing over -------------------------------------------------------------------------------------------------

    async def _attend_to(self, job: _Job, slot: Slot | None = None) -> None:
        delivery_id = job.lease.delivery_id
        if delivery_id in self._at_hand:
            # Its lease ran out while a hand of ours was at it (the process was paused, the store away): what that
            # hand still finds out is the truth, and this job is void by then or goes on from there.
            self._at_hand[delivery_id] = job
            return
        self._at_hand[delivery_id] = None
        try:
            end = await self._deliver(job, slot)
            if end is not None:
                self._tell(end)
        except Exception:
            # The delivery stays leased, comes back when the lease runs out, and then says what it knows.
            log.exception("courier.stumbled", delivery=delivery_id)
        finally:
            self._put_down(job.lease)

    def _put_down(self, lease: HeldLease) -> None:
        self._leases.drop(lease)
        again = self._at_hand.pop(lease.delivery_id)
        if again is not None:
            self.hands.give(again)
        if self._is_backlogged and len(self._leases) <= self._most:
            self._wanted.set()

    async def _deliver(self, job: _Job, slot: Slot | None) -> Settled | None:
        """What became of it; None if it is somebody else's now."""
        stored, recipient = job.taken
        if stored.delivery.is_begun:
            return await self._attempts.lose(stored)
        if recipient is None:
            return await self._attempts.refuse(stored, "the recipient was erased before the mail was sent")
        await self.load.room()
        if self._is_stopping or self._gate.trouble is not None:
            return await self._give_back(stored)
        try:
            message = await self._letters.message(stored.delivery, recipient)
        except Unavailable:
            return await self._give_back(stored, after_seconds=TROUBLE_SECONDS)
        except Exception as error:
            log.exception("courier.cannot_build", delivery=stored.delivery.id)
            return await self._attempts.refuse(stored, f"the message cannot be built: {error}")
        self.load.take(len(message.content))
        try:
            channel = await self._transport.channel()
            return await self._hand_over(stored, message, channel, job.lease, slot)
        except Unreachable as trouble:
            self._gate.close(str(trouble))
            return await self._give_back(stored)
        finally:
            self.load.give(len(message.content))

    async def _hand_over(
        self, stored: StoredDelivery, message: Message, channel: Channel, lease: HeldLease, slot: Slot | None
    ) -> Settled | None:
        if self._is_stopping:  # since it waits for the channel
            channel.release()
            return await self._give_back(stored)
        asked_at = clock()
        try:
            begun = await self._attempts.begin(stored)
        except BaseException:
            channel.release()
            raise
        if begun is None or not begun.delivery.is_begun:
            channel.release()
            return await settled(self._store, stored.delivery.id) if begun else None
        outcome = await self._outcome(channel, message, self._leases.clearance(lease, asked_at), slot)
        return await self._attempts.record(begun, outcome)

    async def finish(self, hand: ReadyHand, accepted: Accepted, recipient: Recipient) -> None:
        """Hand over what was accepted as begun."""
        stored = accepted.deliveries[0]
        lease = self._leases.hold(stored.delivery.id, hand.since)
        self._at_hand[stored.delivery.id] = None
        self._letters.remember(accepted.content, accepted.bodies)
        try:
            outcome = await self._finished(hand, stored, recipient, lease)
            self._tell(await self._attempts.record(stored, outcome))
        except Exception:
            log.exception("courier.stumbled", delivery=stored.delivery.id)
        finally:
            self._put_down(lease)

    async def _finished(
        self, hand: ReadyHand, stored: StoredDelivery, recipient: Recipient, lease: HeldLease
    ) -> Outcome:
        try:
            message = await self._letters.message(stored.delivery, recipient)
        except Unavailable as trouble:
            hand.channel.release()
            return Withheld(f"the mail could not be read: {trouble.message}")
        except Exception as error:
            hand.channel.release()
            log.exception("courier.cannot_build", delivery=stored.delivery.id)
            return Refused(f"the message cannot be built: {error}")
        # It is begun and its channel waits: it is counted, and does not wait for room.
        self.load.take(len(message.content))
        try:
            return await self._outcome(hand.channel, message, self._leases.clearance(lease, hand.since), hand.slot)
        finally:
            self.load.give(len(message.content))

    async def withdraw(self, accepted: Accepted) -> None:
        """Whether it was accepted as begun nobody saw; nothing was sent."""
        try:
            await self._attempts.withdraw(accepted.deliveries[0], accepted.at)
        except Exception:
            log.exception("courier.cannot_withdraw", delivery=accepted.deliveries[0].delivery.id)

    async def _outcome(self, channel: Channel, message: Message, clearance: Clearance, slot: Slot | None) -> Outcome:
        if slot is not None and self._pacer is not None and not await self._pacer.come(slot):
            channel.release()
            return Withheld("no slot came for it")
        began = clock()
        try:
            outcome = await channel.hand_over(message, clearance)
        except Exception as error:
            log.exception("courier.transport_stumbled", delivery=message.delivery_id)
            outcome = Unknown(f"the transport stumbled: {error!r}")
        self.hand_overs.ended(message, outcome, clock() - began)
        self._heed(outcome)
        return outcome

    def _heed(self, outcome: Outcome) -> None:
        """What the provider said of itself, rather than of the message."""
        if isinstance(outcome, Held):
            self._gate.hold(outcome.reason)
            if self._pacer is not None:
                self._pacer.held(outcome.reason)
        elif isinstance(outcome, Throttled):
            if self._pacer is not None:
                self._pacer.throttled()
        elif not isinstance(outcome, Withheld):
            if self._pacer is not None:
                self._pacer.held(None)
            if self._gate.is_on_trial:
                self._gate.passed_through()
                self._wanted.set()

    async def _give_back(self, stored: StoredDelivery, after_seconds: float = 0) -> Settled | None:
        """Not begun, and not now: due again for whoever is able to."""
        wake_at = self._now_ms() + int(after_seconds * 1000) if after_seconds else None
        await self._store.release(owner=self._leases.owner, deliveries=[stored.delivery.id], wake_at=wake_at)
        return self._waits(stored.delivery.id)

    def _waits(self, delivery_id: int) -> Settled:
        return Settled(delivery_id, State.QUEUED, self._now_ms(), words=self.trouble)

    def _tell_who_waits_in_vain(self) -> None:
        """For what nobody here holds, and nobody will take."""
        for delivery_id in [each for each in self._waiting if not self._leases.holds(each)]:
            self._tell(self._waits(delivery_id))

    def _tell(self, end: Settled) -> None:
        for future in self._waiting.pop(end.delivery_id, ()):
            if not future.done():
                future.set_result(end)

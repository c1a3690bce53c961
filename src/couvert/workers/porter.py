"""What a hand does with a delivery: build the message, reserve a channel, record *begun*, send, record the outcome.

A mail whose sender waits may be accepted as begun; then the porter is handed a channel with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from couvert.commands.accept import Accepted
from couvert.commands.attempts import Attempts
from couvert.commands.settled import Settled, settled
from couvert.delivery.letters import Letters
from couvert.delivery.transport import Channel, Message, Outcome, Refused, Unreachable, Withheld
from couvert.domain.refusals import Unavailable
from couvert.store.port import Store
from couvert.store.rows import StoredDelivery
from couvert.workers.awaited import Awaited
from couvert.workers.block import Slot
from couvert.workers.jobs import BegunMail, Job
from couvert.workers.leases import HeldLease, Leases, clock
from couvert.workers.load import Load
from couvert.workers.passage import Passage

TROUBLE_SECONDS: Final = 1.0
"""How long to let the store alone when it cannot be read or written."""

log = structlog.get_logger()


class Porter:
    def __init__(
        self,
        store: Store,
        attempts: Attempts,
        letters: Letters,
        leases: Leases,
        *,
        passage: Passage,
        awaited: Awaited,
        now_ms: Callable[[], int],
        most_bytes: int,
        put_down: Callable[[int, Job | None], None],
    ) -> None:
        """`put_down` is called whenever a delivery is no longer at hand, with the job that waited for that."""
        self._store = store
        self._attempts = attempts
        self._letters = letters
        self._leases = leases
        self._passage = passage
        self._awaited = awaited
        self._now_ms = now_ms
        self._was_put_down = put_down
        self.load = Load(most_bytes)
        self.at_hand: dict[int, Job | None] = {}
        """Deliveries that a hand is at, and the job that has to wait for it, if the queue gave one out once more."""

    async def attend_to(self, job: Job, slot: Slot | None = None) -> None:
        delivery_id = job.lease.delivery_id
        if delivery_id in self.at_hand:
            # Its lease ran out while a hand of ours was at it (the process was paused, the store away): what that
            # hand still finds out is the truth, and this job is void by then or goes on from there.
            self.at_hand[delivery_id] = job
            return
        self.at_hand[delivery_id] = None
        try:
            end = await self._deliver(job, slot)
            if end is not None:
                self._awaited.tell(end)
        except Exception:
            # The delivery stays leased, comes back when the lease runs out, and then says what it knows.
            log.exception("courier.stumbled", delivery=delivery_id)
        finally:
            self._put_down(job.lease, slot)

    async def finish(self, mail: BegunMail) -> None:
        """Hand over what was accepted as begun."""
        delivery_id = mail.stored.delivery.id
        lease = self._leases.hold(delivery_id, mail.since)
        self.at_hand[delivery_id] = None
        self._letters.remember(mail.accepted.content, mail.accepted.bodies)
        try:
            outcome = await self._finished(mail, lease)
            self._awaited.tell(await self._attempts.record(mail.stored, outcome))
        except Exception:
            log.exception("courier.stumbled", delivery=delivery_id)
        finally:
            self._put_down(lease, mail.slot)

    async def withdraw(self, accepted: Accepted) -> None:
        """Whether it was accepted as begun nobody saw; nothing was sent."""
        try:
            await self._attempts.withdraw(accepted.deliveries[0], accepted.at)
        except Exception:
            log.exception("courier.cannot_withdraw", delivery=accepted.deliveries[0].delivery.id)

    def _put_down(self, lease: HeldLease, slot: Slot | None) -> None:
        self._leases.drop(lease)
        self._was_put_down(lease.delivery_id, self.at_hand.pop(lease.delivery_id))
        self._passage.put_back(slot)

    # --- From the queue, in the order they are called -----------------------------------------------------------------

    async def _deliver(self, job: Job, slot: Slot | None) -> Settled | None:
        """What became of it; None if it is somebody else's now."""
        stored, recipient = job.taken
        if stored.delivery.is_begun:
            return await self._attempts.lose(stored)
        if recipient is None:
            return await self._attempts.refuse(stored, "the recipient was erased before the mail was sent")
        await self.load.room()
        if self._passage.is_stopping or self._passage.gate.trouble is not None:
            return await self._give_back(stored)
        try:
            message = await self._letters.message(stored.delivery, recipient)
        except Unavailable:
            return await self._give_back(stored, after_seconds=TROUBLE_SECONDS)
        except Exception as error:
            log.exception("courier.cannot_build", delivery=stored.delivery.id)
            return await self._attempts.refuse(stored, f"the message cannot be built: {error}")
        # Whose time is over is let through, to be ended where it would begin.
        wait, left = self._passage.senders.wait_of(message.sender), self._seconds_left(stored)
        if wait is not None and left > 0:
            return await self._give_back(stored, after_seconds=min(wait.seconds, left), words=wait.reason)
        self.load.take(len(message.content))
        try:
            return await self._with_channel(stored, message, job.lease, slot)
        finally:
            self.load.give(len(message.content))

    async def _with_channel(
        self, stored: StoredDelivery, message: Message, lease: HeldLease, slot: Slot | None
    ) -> Settled | None:
        try:
            channel = await self._passage.transport.channel()
        except Unreachable as trouble:
            self._passage.gate.close(str(trouble))
            return await self._give_back(stored)
        if self._passage.is_stopping:  # since it waits for the channel
            channel.release()
            return await self._give_back(stored)
        return await self._hand_over(stored, message, channel, lease, slot)

    async def _hand_over(
        self, stored: StoredDelivery, message: Message, channel: Channel, lease: HeldLease, slot: Slot | None
    ) -> Settled | None:
        asked_at = clock()
        try:
            begun = await self._attempts.begin(stored)
        except BaseException:
            channel.release()
            raise
        if begun is None or not begun.delivery.is_begun:
            channel.release()
            return await settled(self._store, stored.delivery.id) if begun else None
        outcome = await self._passage.cross(channel, message, self._leases.clearance(lease, asked_at), slot)
        return await self._attempts.record(begun, outcome)

    async def _give_back(
        self, stored: StoredDelivery, after_seconds: float = 0, words: str | None = None
    ) -> Settled | None:
        """Not begun, and not now: due again for whoever is able to. `words` say why, if it is not for all."""
        wake_at = self._now_ms() + int(after_seconds * 1000) if after_seconds else None
        await self._store.release(owner=self._leases.owner, deliveries=[stored.delivery.id], wake_at=wake_at)
        return self._awaited.waits(stored.delivery.id, words)

    def _seconds_left(self, stored: StoredDelivery) -> float:
        """Until it is given up or expires."""
        ends = (stored.delivery.give_up_at, stored.delivery.expires_at)
        return (min(at for at in ends if at is not None) - self._now_ms()) / 1000

    # --- Accepted as begun --------------------------------------------------------------------------------------------

    async def _finished(self, mail: BegunMail, lease: HeldLease) -> Outcome:
        try:
            message = await self._letters.message(mail.stored.delivery, mail.recipient)
        except Unavailable as trouble:
            mail.channel.release()
            return Withheld(f"the mail could not be read: {trouble.message}")
        except Exception as error:
            mail.channel.release()
            log.exception("courier.cannot_build", delivery=mail.stored.delivery.id)
            return Refused(f"the message cannot be built: {error}", was_asked=False)
        if (wait := self._passage.senders.wait_of(message.sender)) is not None:
            mail.channel.release()
            return Withheld(wait.reason)
        # It is begun and its channel waits: it is counted, and does not wait for room.
        self.load.take(len(message.content))
        try:
            return await self._passage.cross(
                mail.channel, message, self._leases.clearance(lease, mail.since), mail.slot
            )
        finally:
            self.load.give(len(message.content))

"""Send one mail while its sender waits: commit it, let the courier hand it over, wait for the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from couvert.commands.accept import Accepted, AcceptedUnseen, AcceptMails, Lease
from couvert.commands.claims import Claim
from couvert.commands.settled import Settled, settled
from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient
from couvert.store.port import Store
from couvert.store.rows import StoredKey


class Hand(Protocol):
    """A hand of the courier's with a channel to the provider, reserved for a mail about to be accepted as begun."""

    @property
    def lease(self) -> Lease: ...

    def take(self, accepted: Accepted, recipient: Recipient) -> None:
        """Hand over what was accepted as begun."""

    def put_back(self) -> None:
        """Nothing was accepted."""

    def put_back_in_doubt(self, accepted: Accepted) -> None:
        """It may have been accepted as begun; then that is to be taken back, since nothing will be sent."""


class Courier(Protocol):
    """The worker of this process, as the doors see it."""

    async def ready(self) -> Hand | None:
        """A hand for a mail about to be accepted; None if one would have to be waited for."""

    def lease(self) -> Lease | None:
        """A lease for a mail about to be accepted and handed in; None while all hands are full."""

    def hand_in(self, accepted: Accepted, recipient: Recipient) -> None:
        """Take a delivery that was accepted under a lease of ours."""

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        """Resolved when an attempt of this process ends, a deferral included."""

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        """Whoever asked for this future waits no longer."""

    def wake(self) -> None:
        """Deliveries are due that nobody holds."""


class BulkQueue(Protocol):
    """Where bulk is put for whoever consumes it; what does not get there is left to our own workers."""

    def lease(self, command: AcceptMail) -> Lease | None:
        """In the queue's name, for a mail about to be accepted; None if it is not for the queue, or that is away."""

    def publish(self, accepted: Accepted, command: AcceptMail) -> None:
        """Put there what was accepted under such a lease."""


class Sending(NamedTuple):
    accepted: Accepted
    settled: Settled
    """Its state is queued if the provider said *later*, or nothing was heard in time."""


@dataclass(frozen=True, slots=True)
class SendMail:
    mails: AcceptMails
    store: Store
    courier: Courier
    patience_seconds: float
    bulk: BulkQueue | None = None

    async def send(self, command: AcceptMail, *, key: StoredKey | None, claim: Claim | None = None) -> Sending:
        """For exactly one recipient, due now. Raises as `AcceptMails.accept` does; an outcome is never raised."""
        hand = await self.courier.ready()
        if hand is not None:
            accepted = await self._accepted_as_begun(hand, command, key, claim)
            if accepted.deliveries[0].delivery.state is State.SUPPRESSED:
                hand.put_back()
                return Sending(accepted, await self._settled(accepted))
            if not accepted.deliveries[0].delivery.is_begun:
                hand.put_back()
                return await self._outcome_of(accepted, self.courier.wake)
            return await self._outcome_of(accepted, lambda: hand.take(accepted, command.recipients[0]))
        lease = self.courier.lease()
        accepted = await self.mails.accept(command, key=key, lease=lease, claim=claim)
        if lease is None:
            return await self._outcome_of(accepted, self.courier.wake)
        return await self._outcome_of(accepted, lambda: self.courier.hand_in(accepted, command.recipients[0]))

    async def _accepted_as_begun(
        self, hand: Hand, command: AcceptMail, key: StoredKey | None, claim: Claim | None
    ) -> Accepted:
        """One commit less than accepting first and beginning then. Whatever is raised, the hand is free again."""
        try:
            return await self.mails.accept(command, key=key, lease=hand.lease, claim=claim)
        except AcceptedUnseen as doubt:
            hand.put_back_in_doubt(doubt.accepted)
            raise
        except BaseException:
            hand.put_back()
            raise

    async def _settled(self, accepted: Accepted) -> Settled:
        delivery = accepted.deliveries[0].delivery
        known = await settled(self.store, delivery.id)
        return known or Settled(delivery.id, delivery.state, accepted.at)

    async def _outcome_of(self, accepted: Accepted, start: Callable[[], None]) -> Sending:
        delivery_id = accepted.deliveries[0].delivery.id
        with self._expected(delivery_id) as outcome:
            start()
            return Sending(accepted, await self._wait(outcome, delivery_id, accepted.at))

    async def queue(self, command: AcceptMail, *, key: StoredKey | None, claim: Claim | None = None) -> Accepted:
        """For any number of recipients; they are handed over as the provider's pace allows."""
        lease = self.bulk.lease(command) if self.bulk else None
        accepted = await self.mails.accept(command, key=key, lease=lease, claim=claim)
        if self.bulk and lease:
            self.bulk.publish(accepted, command)
        else:
            self.courier.wake()
        return accepted

    async def outcome(self, delivery_id: int) -> Settled | None:
        """Of a mail accepted earlier, perhaps by a process that is gone: now, or as soon as an attempt ends."""
        with self._expected(delivery_id) as outcome:
            known = await settled(self.store, delivery_id)
            if known is None or known.state is not State.QUEUED:
                return known
            return await self._wait(outcome, delivery_id, known.at)

    @contextmanager
    def _expected(self, delivery_id: int) -> Iterator[asyncio.Future[Settled]]:
        outcome = self.courier.expect(delivery_id)
        try:
            yield outcome
        finally:
            self.courier.forget(delivery_id, outcome)

    async def _wait(self, outcome: asyncio.Future[Settled], delivery_id: int, queued_at: int) -> Settled:
        try:
            async with asyncio.timeout(self.patience_seconds):
                return await outcome
        except TimeoutError:
            return Settled(delivery_id, State.QUEUED, queued_at)

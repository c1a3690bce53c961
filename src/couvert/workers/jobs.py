"""What is given to a hand: a delivery from the queue, or a mail that was accepted as begun."""

from __future__ import annotations

from typing import NamedTuple

from couvert.commands.accept import Accepted
from couvert.delivery.transport import Channel
from couvert.domain.mail import Recipient
from couvert.store.rows import StoredDelivery, TakenDelivery
from couvert.workers.block import Slot
from couvert.workers.leases import HeldLease


class Job(NamedTuple):
    priority: int
    poster: int
    taken: TakenDelivery
    lease: HeldLease


class BegunMail(NamedTuple):
    """A mail that was accepted as begun, and what was reserved for it before."""

    accepted: Accepted
    recipient: Recipient
    channel: Channel
    slot: Slot | None
    since: float
    """No earlier was its lease taken, and *begun* asked for, by `clock`."""

    @property
    def stored(self) -> StoredDelivery:
        return self.accepted.deliveries[0]

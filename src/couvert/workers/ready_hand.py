"""A hand and a channel, reserved for a mail that is about to be accepted as begun: one commit is spared."""

from __future__ import annotations

from dataclasses import dataclass, field

from couvert.commands.accept import Accepted, Lease
from couvert.delivery.transport import Channel
from couvert.domain.mail import Recipient
from couvert.workers.block import Slot
from couvert.workers.hands import Hands
from couvert.workers.jobs import BegunMail, Job
from couvert.workers.leases import clock
from couvert.workers.passage import Passage
from couvert.workers.porter import Porter


@dataclass(slots=True)
class ReadyHand:
    """Implements `commands.send.Hand`: good until it has taken one mail or is put back."""

    hands: Hands[Job]
    porter: Porter
    passage: Passage
    channel: Channel
    lease: Lease
    slot: Slot | None
    since: float = field(default_factory=clock)

    def take(self, accepted: Accepted, recipient: Recipient) -> None:
        mail = BegunMail(accepted, recipient, self.channel, self.slot, self.since)
        self.hands.take(self.porter.finish(mail))

    def put_back(self) -> None:
        self._let_go()
        self.hands.free()

    def put_back_in_doubt(self, accepted: Accepted) -> None:
        self._let_go()
        self.hands.take(self.porter.withdraw(accepted))

    def _let_go(self) -> None:
        self.channel.release()
        self.passage.put_back(self.slot)

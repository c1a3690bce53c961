"""Mails on their way, for the tests of the commands: accepted, taken, and looked up again."""

from typing import Any

from couvert.commands.accept import Accepted, AcceptMails
from couvert.domain.delivery_events import DeliveryEvent
from couvert.domain.mail import AcceptMail, MailAccepted, Recipient, Sender
from couvert.store.rows import StoredDelivery
from tests.commands.unreliable import UnreliableStore
from tests.store.changes import Clock

LEASE_MS = 30_000
OWNER, OTHER = 7, 8
ALICE = Sender("alice@example.com", "Alice", "Acme")
BOB, CHARLIE = Recipient("bob@example.org", "Bob"), Recipient("charlie@example.org")


def mail(*recipients: Recipient, **changes: Any) -> AcceptMail:
    """From Alice, to Charlie if nobody is named."""
    return AcceptMail(ALICE, recipients or (CHARLIE,), **{"subject": "Hello {{name}}", "html": "<p>Hi</p>"} | changes)


class Desk:
    def __init__(self, store: UnreliableStore, clock: Clock, mails: AcceptMails) -> None:
        self._store, self._clock, self._mails = store, clock, mails

    async def accepted(self, command: AcceptMail | None = None) -> Accepted:
        return await self._mails.accept(command or mail(), key=None)

    async def leased(self, owner: int = OWNER) -> StoredDelivery:
        """A new mail's delivery, taken by a worker."""
        await self.accepted()
        return await self.taken(owner)

    async def taken(self, owner: int = OWNER) -> StoredDelivery:
        """The one delivery that is due now."""
        now = self._clock.now
        (taken,) = await self._store.take(owner=owner, now=now, until=now + LEASE_MS, limit=10)
        return taken.stored  # type: ignore[no-any-return]

    async def row(self, delivery_id: int) -> StoredDelivery:
        found = await self._store.delivery(delivery_id)
        assert found is not None
        return found  # type: ignore[no-any-return]

    async def events(self, row: StoredDelivery) -> list[DeliveryEvent]:
        """What happened to the delivery, in order."""
        delivery = row.delivery
        timeline = await self._store.timeline(delivery.mail_id, delivery.id - delivery.mail_id)
        return [noted.logged.event for noted in timeline if not isinstance(noted.logged.event, MailAccepted)]

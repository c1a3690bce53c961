"""What a bounce, a complaint or a delivered mail means for the recipient's address: suppressed in the same change.

Whoever records a notice calls `add_to` on its change, once for each delivery's event, before committing it.
"""

from __future__ import annotations

from dataclasses import dataclass

from couvert.domain import suppression as rules
from couvert.domain.delivery import Delivery
from couvert.domain.delivery_events import Bounced, Complained, Delivered, DeliveryEvent, Reason
from couvert.domain.ids import IdSource
from couvert.domain.suppression import SuppressionEvent, SuppressionExpired, is_in_force, mark_of
from couvert.store.changes import Change
from couvert.store.log import Record
from couvert.store.port import Store
from couvert.store.rows import SoftBounces, StoredSuppression

Move = tuple[Record, StoredSuppression]
"""An event of a suppression, and the row that it leaves."""


@dataclass(frozen=True, slots=True)
class Consequences:
    store: Store
    ids: IdSource
    most_soft_bounces: int
    """So many in a row suppress an address; 0: they never do."""

    async def add_to(self, change: Change, delivery: Delivery, event: DeliveryEvent) -> None:
        """`event` is in the change, and about this delivery as it was before. The commit may say `Conflict`: then
        somebody else heard of the address, and all is to be read and decided anew.
        """
        address = await self._address(delivery, event)
        if address is None:
            return
        mark = mark_of(address)
        timeline = await self.store.timeline(delivery.mail_id, delivery.id - delivery.mail_id)
        before = await self.store.soft_bounces(mark)
        meant = rules.heard(event, [noted.logged.event for noted in timeline], before, self.most_soft_bounces)
        if meant.soft_bounces != before:
            change.soft_bounces = [*change.soft_bounces, SoftBounces(mark, before, meant.soft_bounces)]
        if meant.reason is not None:
            await self._suppress(change, address, meant.reason, delivery.id)

    async def _address(self, delivery: Delivery, event: DeliveryEvent) -> str | None:
        """None if nothing follows: it was erased, or what is heard is good and nothing bad was heard before."""
        if isinstance(event, Delivered):
            if not await self.store.has_soft_bounces():
                return None
        elif not isinstance(event, Bounced | Complained):
            return None
        recipient = await self.store.recipient(delivery.id)
        return recipient.email if recipient else None

    async def _suppress(self, change: Change, address: str, reason: Reason, delivery_id: int) -> None:
        mark = mark_of(address)
        known = (await self.store.active_suppressions([mark])).get(mark)
        in_force = known.suppression if known and is_in_force(known.suppression, change.at) else None
        event = rules.cause(in_force, reason, delivery_id)
        if event is None:
            return
        if known is not None and in_force is None:
            append(change, known, SuppressionExpired())
        append(change, known if known and in_force else new(self.ids, address), event)


def new(ids: IdSource, address: str) -> StoredSuppression:
    """Before its first event."""
    return StoredSuppression(rules.blank(ids.block(1), address), 0)


def append(change: Change, stored: StoredSuppression, event: SuppressionEvent) -> StoredSuppression:
    """Let the event happen to the suppression in this change; the row that it leaves."""
    record, row = happened(stored, event, change.at)
    change.records = [*change.records, record]
    change.suppressions = [*change.suppressions, row]
    return row


def happened(stored: StoredSuppression, event: SuppressionEvent, at: int) -> Move:
    after = rules.evolve(stored.suppression, event, at)
    return Record(after.id, 0, event), StoredSuppression(after, stored.revision + 1)

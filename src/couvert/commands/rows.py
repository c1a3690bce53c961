"""What a delivery's row becomes when events happen to it: the fold, the next revision, and when a worker is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from couvert.domain.delivery import Delivery, evolve
from couvert.domain.delivery_events import DeliveryEvent
from couvert.store.changes import Change, Transition
from couvert.store.log import Record
from couvert.store.rows import StoredDelivery


def happened(
    stored: StoredDelivery, events: Sequence[DeliveryEvent], *, at: int, note: str | None = None
) -> tuple[Transition, StoredDelivery]:
    """What appends these events, the provider's words with the first, and the row that it leaves."""
    words = encodable(note)
    delivery = stored.delivery
    for event in events:
        delivery = evolve(delivery, event)
    row = _row(stored, delivery)
    part = delivery.id - delivery.mail_id
    records = [Record(delivery.mail_id, part, event, None if n else words) for n, event in enumerate(events)]
    return Transition(at, records, [row]), row


def encodable(words: str | None) -> str | None:
    """A provider may say anything, half a surrogate pair included; an outcome must be recorded all the same."""
    return words and words.encode("utf-8", "replace").decode()


def all_happened(moves: Iterable[tuple[StoredDelivery, DeliveryEvent]], *, at: int) -> Change:
    """The change in which each of these deliveries has its event: all of them, or none."""
    records: list[Record] = []
    deliveries: list[StoredDelivery] = []
    for stored, event in moves:
        delivery = evolve(stored.delivery, event)
        records.append(Record(delivery.mail_id, delivery.id - delivery.mail_id, event))
        deliveries.append(_row(stored, delivery))
    return Change(at=at, records=records, deliveries=deliveries)


def _row(stored: StoredDelivery, delivery: Delivery) -> StoredDelivery:
    """A begun attempt keeps its lease whatever else is heard; a waiting one is due; the rest need nobody."""
    if delivery.is_begun:
        return StoredDelivery(delivery, stored.revision + 1, stored.wake_at, stored.owner)
    return StoredDelivery(delivery, stored.revision + 1, delivery.due_at, 0)

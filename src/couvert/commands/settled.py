"""What became of a delivery, for whoever waits for it or asks later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from couvert.domain.delivery import State
from couvert.domain.delivery_events import Confirmed, Sent
from couvert.store.log import NotedEvent
from couvert.store.port import Store


class Settled(NamedTuple):
    delivery_id: int
    state: State
    at: int
    """When it came to this state: for a sent one, when the provider took it."""
    provider_id: str | None = None
    words: str | None = None
    """The provider's own, or ours where it said nothing."""


async def settled(store: Store, delivery_id: int) -> Settled | None:
    """As the store has it now; None if there is no such delivery. A queued one has not settled yet."""
    stored = await store.delivery(delivery_id)
    if stored is None:
        return None
    delivery = stored.delivery
    timeline = await store.timeline(delivery.mail_id, delivery.id - delivery.mail_id)
    return read(delivery_id, delivery.state, timeline)


def read(delivery_id: int, state: State, timeline: Iterable[NotedEvent]) -> Settled:
    """Of a timeline, oldest first."""
    at, provider_id, words = 0, None, None
    for noted in timeline:
        words = noted.note or words
        if isinstance(noted.logged.event, (Sent, Confirmed)):
            # Taken without a word: what an earlier attempt was told is history.
            at, provider_id, words = noted.logged.at, noted.logged.event.provider_id, noted.note
        elif provider_id is None:
            at = noted.logged.at
    return Settled(delivery_id, state, at, provider_id, words)

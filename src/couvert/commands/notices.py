"""What the provider says about a mail after it took it: delivered, delayed, bounced, complained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from couvert.commands.consequences import Consequences
from couvert.commands.rows import happened
from couvert.domain.delivery import has_begun
from couvert.domain.notice_statements import NoticeEvent
from couvert.domain.refusals import Conflict, NotFound
from couvert.store.changes import Change
from couvert.store.log import Position
from couvert.store.port import Store
from couvert.store.rows import StoredDelivery


@dataclass(frozen=True, slots=True)
class Notices:
    store: Store
    now_ms: Callable[[], int]
    consequences: Consequences

    async def record(self, delivery_id: int, event: NoticeEvent, words: str | None = None) -> Position:
        """Into the timeline always; the state only moves forward, in whatever order notices come."""
        while True:
            stored = await self.store.delivery(delivery_id)
            if stored is None or not has_begun(stored.delivery, event.attempt):
                raise NotFound(f"attempt {event.attempt} of delivery {delivery_id} was never begun")
            try:
                return await self.store.commit(await self.change(stored, event, words))
            except Conflict:
                continue

    async def change(self, stored: StoredDelivery, event: NoticeEvent, words: str | None) -> Change:
        """All that follows of this delivery's being told of, whoever brought the notice; to be committed by itself,
        since two deliveries may go to one address.
        """
        heard, _ = happened(stored, [event], at=self.now_ms(), note=words)
        change = Change(heard.at, heard.records, heard.deliveries)
        await self.consequences.add_to(change, stored.delivery, event)
        return change

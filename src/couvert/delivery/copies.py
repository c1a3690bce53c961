"""What a recipient was sent, or will be, as the bytes of the message.

The sandbox keeps what it took. Any other message is made again from the vault, and is the same to the byte but for its
Date: that of the attempt, which was written some moments before *begun* was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from couvert.delivery.letters import Letters
from couvert.domain.delivery_events import Begun
from couvert.domain.ids import created_at
from couvert.domain.refusals import NotFound
from couvert.store.port import Store
from couvert.store.rows import StoredDelivery


class Copy(NamedTuple):
    content: bytes
    """The RFC 5322 message, CRLF line ends."""
    attempt: int
    """The last that was begun, 0 before the first."""
    is_exact: bool
    """These very bytes were handed over."""


@dataclass(frozen=True, slots=True)
class Copies:
    store: Store
    letters: Letters
    """Not the courier's: what is looked at must not push out what is being sent."""

    async def copy(self, delivery_id: int) -> Copy:
        """Raises `NotFound` for a delivery that does not exist, or whose words were erased."""
        stored = await self.store.delivery(delivery_id)
        if stored is None:
            raise NotFound("There is no such delivery.")
        if kept := await self.store.sandbox_mails(delivery_id):
            return Copy(kept[-1].content, kept[-1].attempt, is_exact=True)
        recipient = await self.store.recipient(delivery_id)
        if recipient is None:
            raise NotFound("The recipient of this delivery was erased.")
        try:
            message = await self.letters.message(stored.delivery, recipient, at=await self._time_of(stored))
        except LookupError:
            raise NotFound("The content of this delivery was erased.") from None
        return Copy(message.content, stored.delivery.attempt, is_exact=False)

    async def _time_of(self, stored: StoredDelivery) -> int:
        """Of the last attempt; of the next one before the first."""
        delivery = stored.delivery
        timeline = await self.store.timeline(delivery.mail_id, delivery.id - delivery.mail_id)
        begun = [noted.logged.at for noted in timeline if isinstance(noted.logged.event, Begun)]
        return begun[-1] if begun else delivery.due_at or created_at(delivery.id)

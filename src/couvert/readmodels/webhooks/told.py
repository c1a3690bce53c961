"""What a webhook can be told of: an event with what it is about, as the event left it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from couvert.domain.mail import Recipient, References
from couvert.domain.suppression import Suppression
from couvert.store.log import Position


class ToldOfMail(NamedTuple):
    """An event of a mail or a delivery."""

    position: Position
    type: str
    at: int
    mail_id: int
    delivery_id: int | None
    facts: Mapping[str, Any]
    references: References
    tags: Sequence[str]
    state: str | None
    """The delivery's, as the event left it."""
    words: str | None
    recipient: Recipient | None


class ToldOfSuppression(NamedTuple):
    position: Position
    type: str
    at: int
    suppression: Suppression
    """As the event left it, but for the address: that is the one it has now, empty once it has ended."""


Told = ToldOfMail | ToldOfSuppression

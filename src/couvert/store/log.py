"""The log's events, on their way in and as they are read."""

from __future__ import annotations

from typing import NamedTuple

from couvert.domain.delivery_events import DeliveryEvent
from couvert.domain.key import KeyEvent
from couvert.domain.mail import MailAccepted
from couvert.domain.suppression import SuppressionEvent
from couvert.domain.token import TokenEvent
from couvert.domain.user import UserEvent
from couvert.domain.webhook import WebhookEvent

Position = int
"""Where an event stands in the log: from 1, without order inversions; a lower one never appears after a higher one."""

Event = MailAccepted | DeliveryEvent | KeyEvent | UserEvent | TokenEvent | SuppressionEvent | WebhookEvent


class Record(NamedTuple):
    """One event on its way into the log. `stream` is the id of the mail, key, user, token or suppression that it is
    about, `part` a recipient's number or 0.
    """

    stream: int
    part: int
    event: Event
    note: str | None = None
    """What the provider said, kept in the vault: it may name people."""


class LoggedEvent(NamedTuple):
    """One event as the log has it."""

    position: Position
    stream: int
    part: int
    at: int
    event: Event


class NotedEvent(NamedTuple):
    """One event of a timeline, with the provider's words if there were any."""

    logged: LoggedEvent
    name: str
    note: str | None

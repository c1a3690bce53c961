"""What questions are answered with: frozen, in the words of the domain, without a wire format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from couvert.domain.delivery import State
from couvert.domain.mail import Recipient, References, Sender
from couvert.readmodels.folds import Counts, Status
from couvert.store.log import Position


@dataclass(frozen=True, slots=True)
class MailView:
    """Times are milliseconds since 1970."""

    mail_id: int
    status: Status
    recipient_count: int
    counts: Counts
    created_at: int
    scheduled_at: int | None
    expires_at: int | None
    subject: str | None
    """As it was written, before it was personalised; None once it was erased, as is the sender."""
    sender: Sender | None
    tags: tuple[str, ...]
    references: References


@dataclass(frozen=True, slots=True)
class DeliveryView:
    delivery_id: int
    mail_id: int
    recipient: Recipient | None
    """None once it was erased."""
    state: State
    attempts: int
    last_error: str | None
    provider_message_id: str | None
    queued_at: int
    next_attempt_at: int | None
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class EventView:
    position: Position
    type: str
    """The stored name without its version: `delivery.sent`."""
    stream: int
    """The id of the mail, key or user that it is about."""
    part: int
    """The recipient's number if it is about one delivery of the mail, otherwise 0."""
    at: int
    facts: Mapping[str, Any]
    """The event's own fields."""
    words: str | None
    """What the provider said."""

"""Rows of the state and the vault, each with its revision where it has one. Times are milliseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from couvert.domain.delivery import Delivery
from couvert.domain.key import ApiKey
from couvert.domain.mail import Recipient, References, Sender
from couvert.domain.suppression import Suppression
from couvert.domain.webhook import Webhook
from couvert.store.log import Position

QUEUE: Final = 2
"""The owner in whose name a delivery waits while a message about it is in the bulk queue; that of no worker is even."""


class StoredDelivery(NamedTuple):
    """A delivery's row: its folded state, and what only the queue needs."""

    delivery: Delivery
    revision: int
    """1 when new; every change of the row, a lease included, adds one. The expected version of the next change."""
    wake_at: int | None
    """When a worker must look at it: when due, or when its lease has run out. None once nothing is to be done."""
    owner: int
    """The worker that holds the lease, `QUEUE`, or 0 if nobody does."""


class StoredKey(NamedTuple):
    key: ApiKey
    revision: int


class StoredSuppression(NamedTuple):
    suppression: Suppression
    revision: int


class SoftBounces(NamedTuple):
    """Of one address, in a row."""

    mark: bytes
    """Of the address, as `domain.suppression.mark_of` has it."""
    before: int
    """As read: a `Conflict` if it is another number meanwhile."""
    now: int


class StoredWebhook(NamedTuple):
    webhook: Webhook
    revision: int


class StoredAttachment(NamedTuple):
    filename: str
    content_type: str
    content_id: str | None
    size: int
    """In bytes."""
    sha256: bytes
    """Of its content, which is in the vault as bodies are."""


class Content(NamedTuple):
    """What a mail says, before it is personalised."""

    mail_id: int
    sender: Sender
    subject: str
    reply_to: str | None
    html: bytes | None
    """SHA-256 of the body in the vault."""
    text: bytes | None
    variables: Mapping[str, str]
    references: References
    tags: Sequence[str] = ()
    headers: Mapping[str, str] = MappingProxyType({})
    attachments: Sequence[StoredAttachment] = ()


class StoredRecipient(NamedTuple):
    delivery_id: int
    recipient: Recipient


class TakenDelivery(NamedTuple):
    """A leased delivery with what is needed to send it, but for its mail's content."""

    stored: StoredDelivery
    recipient: Recipient | None
    """None if it was erased from the vault meanwhile."""


class Idempotency(NamedTuple):
    """A client's key for one request, committed with what the request did."""

    scope: bytes
    """Hash of who asked, the method, the path and the key."""
    request: bytes
    """Hash of the body."""
    mail_id: int
    position: Position
    created_at: int
    answer: bytes | None
    """The first answer's status and body as the edge stored it; None until it was given."""


class Specification(NamedTuple):
    """What /v2 says of itself, as it was published last."""

    day: str
    """UTC, as `2026-11-22`."""
    document: bytes
    revision: int


class ChangelogEntry(NamedTuple):
    """What changed in the specification; never changed itself."""

    day: str
    recorded_at: int
    after: str
    """The day of the entry before, empty for the first: what the differences are to."""
    title: str
    differences: str
    document: bytes
    """As it was recorded; empty when read in a list."""


class SandboxMail(NamedTuple):
    delivery_id: int
    attempt: int
    at: int
    content: bytes

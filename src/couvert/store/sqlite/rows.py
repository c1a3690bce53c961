"""Rows as SQLite holds them, and back: the only place that knows the order of columns."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from couvert.domain.allowance import Allowance
from couvert.domain.delivery import Delivery, State
from couvert.domain.key import ApiKey, NamedOrigin
from couvert.domain.mail import Recipient, References, Sender
from couvert.domain.restrictions import NONE, Restrictions
from couvert.store.log import Position
from couvert.store.rows import (
    ChangelogEntry,
    Content,
    Idempotency,
    SandboxMail,
    Specification,
    StoredAttachment,
    StoredDelivery,
    StoredKey,
    StoredRecipient,
)

Row = tuple[Any, ...]
TENANT: Final = 1
"""One installation is one team today; every row says so already."""

DELIVERY: Final = (
    "id, tenant, mail_id, state, attempt, is_begun, deferrals, is_resent, due_at, expires_at, give_up_at, priority, "
    "poster, revision, wake_at, owner"
)
STATE_CODES: Final = {
    State.QUEUED: 0, State.UNKNOWN: 1, State.SENT: 2, State.DELIVERED: 3, State.BOUNCED: 4, State.COMPLAINED: 5,
    State.FAILED: 6, State.SUPPRESSED: 7, State.CANCELLED: 8, State.EXPIRED: 9,
}  # fmt: skip
STATES: Final = {code: state for state, code in STATE_CODES.items()}
_UNRESTRICTED: Final = "[[],null,null]"
_restrictions: Final = msgspec.json.Decoder(tuple[tuple[str, ...], Allowance | None, int | None])
LARGE: Final = 1_000_000
"""A body of so many bytes takes 20 ms to compress; an attachment that is a ZIP file, of 25 MB, half a second."""
LEVEL: Final = 1  # deflate: 3 kB of HTML in 25 us; level 6 takes twice that for 3 % less


class Deflated(bytes):
    """A body that is compressed already."""


def delivery_row(stored: StoredDelivery) -> Row:
    (id_, mail_id, state, attempt, is_begun, deferrals, is_resent, due_at, expires_at, give_up_at, priority, poster) = (
        stored.delivery
    )
    return (
        id_, TENANT, mail_id, STATE_CODES[state], attempt, is_begun, deferrals, is_resent, due_at, expires_at,
        give_up_at, priority, poster, stored.revision, stored.wake_at, stored.owner,
    )  # fmt: skip


def delivery_of(row: Row) -> StoredDelivery:
    (id_, _, mail_id, state, attempt, is_begun, deferrals, is_resent, due_at, expires_at, give_up_at, priority,
     poster, revision, wake_at, owner) = row  # fmt: skip
    delivery = Delivery(
        id_, mail_id, STATES[state], attempt, bool(is_begun), deferrals, bool(is_resent), due_at, expires_at,
        give_up_at, priority, poster,
    )  # fmt: skip
    return StoredDelivery(delivery, revision, wake_at, owner)


def recipient_row(stored: StoredRecipient) -> Row:
    r = stored.recipient
    return (stored.delivery_id, TENANT, r.email, r.name, r.company, r.email_recipient_id, _mapping(r.variables))


def recipient_of(row: Row) -> Recipient:
    _, _, email, name, company, email_recipient_id, variables = row
    return Recipient(email, name, company, email_recipient_id, variables and msgspec.json.decode(variables))


def content_row(content: Content) -> Row:
    sender, refs = content.sender, content.references
    return (
        content.mail_id, TENANT, sender.email, sender.name, sender.organisation_name, content.subject,
        content.reply_to, content.html, content.text, _mapping(content.variables), refs.email_id,
        refs.client_env_id, refs.project_id, refs.closure_id, refs.queued_at,
        msgspec.json.encode(content.tags).decode() if content.tags else None, _mapping(content.headers),
        len(content.attachments),
    )  # fmt: skip


def content_of(row: Row, attachments: Sequence[StoredAttachment] = ()) -> Content:
    (mail_id, _, email, name, organisation, subject, reply_to, html, text, variables, *refs, tags, headers, _) = row
    return Content(
        mail_id, Sender(email, name, organisation), subject, reply_to, html, text,
        msgspec.json.decode(variables) if variables else {}, References(*refs),
        tuple(msgspec.json.decode(tags)) if tags else (), msgspec.json.decode(headers) if headers else {},
        attachments,
    )  # fmt: skip


def attachment_rows(content: Content) -> Iterable[Row]:
    return ((content.mail_id, n, TENANT, *attachment) for n, attachment in enumerate(content.attachments))


def key_row(stored: StoredKey) -> Row:
    key, limits = stored.key, stored.key.restrictions
    return (
        key.id, TENANT, key.key_id, key.hash, key.name, key.is_active, key.created_at, key.expires_at,
        _list(key.origins), _list((limits.networks, limits.rate, limits.daily_quota)), _list(limits.senders),
        stored.revision,
    )  # fmt: skip


def key_of(row: Row) -> StoredKey:
    id_, _, key_id, hash_, name, is_active, created_at, expires_at, origins, restrictions, senders, revision = row
    key = ApiKey(
        id_, key_id, hash_, name, bool(is_active), created_at, expires_at, _named(origins),
        _restricted(restrictions, senders),
    )  # fmt: skip
    return StoredKey(key, revision)


def origin_rows(stored: StoredKey) -> Iterable[Row]:
    return ((origin.name, stored.key.id) for origin in stored.key.origins)


def idempotency_row(claim: Idempotency, position: Position) -> Row:
    return (claim.scope, TENANT, claim.request, claim.mail_id, position, claim.created_at, claim.answer)


def idempotency_of(row: Row) -> Idempotency:
    scope, _, request, mail_id, position, created_at, answer = row
    return Idempotency(scope, request, mail_id, position, created_at, answer)


def sandbox_row(mail: SandboxMail) -> Row:
    return (mail.delivery_id, mail.attempt, TENANT, mail.at, zlib.compress(mail.content, LEVEL))


def sandbox_of(row: Row) -> SandboxMail:
    delivery_id, attempt, _, at, deflated = row
    return SandboxMail(delivery_id, attempt, at, zlib.decompress(deflated))


def specification_row(published: Specification) -> Row:
    return (1, published.day, zlib.compress(published.document), published.revision)


def specification_of(row: Row) -> Specification:
    _, day, deflated, revision = row
    return Specification(day, zlib.decompress(deflated), revision)


def changelog_row(entry: ChangelogEntry) -> Row:
    return (*entry[:-1], zlib.compress(entry.document))


def deflated(bodies: Mapping[bytes, str | bytes]) -> Mapping[bytes, str | bytes]:
    """With the large ones compressed, so that the writer need not do it while others wait."""
    return {sha256: Deflated(deflate(body)) if len(body) > LARGE else body for sha256, body in bodies.items()}


def deflate(body: str | bytes) -> bytes:
    return zlib.compress(body.encode() if isinstance(body, str) else body, LEVEL)


def inflate(deflated: bytes) -> bytes:
    return zlib.decompress(deflated)


def _named(origins: str) -> tuple[NamedOrigin, ...]:
    return tuple(NamedOrigin(*origin) for origin in msgspec.json.decode(origins))


def _restricted(restrictions: str, senders: str) -> Restrictions:
    if restrictions == _UNRESTRICTED and senders == "[]":
        return NONE
    return Restrictions(tuple(msgspec.json.decode(senders)), *_restrictions.decode(restrictions))


def _list(values: Sequence[object]) -> str:
    return msgspec.json.encode(values).decode()


def _mapping(variables: Mapping[str, str] | None) -> str | None:
    return msgspec.json.encode(dict(variables)).decode() if variables else None

"""What is kept together or not at all: events, and the rows that they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from couvert.domain.restrictions import DailyUse
from couvert.store.accounts import Session, SetupCode, StoredToken, StoredUser
from couvert.store.log import Position, Record
from couvert.store.messages import MalformedMessage, ResultDue
from couvert.store.notices import NoticeReading, RawNotice
from couvert.store.rows import (
    ChangelogEntry,
    Content,
    Idempotency,
    SandboxMail,
    SoftBounces,
    Specification,
    StoredDelivery,
    StoredKey,
    StoredRecipient,
    StoredSuppression,
    StoredWebhook,
)


@dataclass(slots=True)
class Transition:
    """What happened to deliveries and what it leaves of them, kept together or not at all."""

    at: int
    records: Sequence[Record] = ()
    deliveries: Sequence[StoredDelivery] = ()
    """Whole rows at their next revision; a `Conflict` unless the stored revision is the one before."""
    holds_lease: bool = False
    """If set, a `Conflict` too unless the lease of each of `deliveries` still runs, by the store's clock."""
    begins: bool = False
    """If set, refused with `RecipientSuppressed` if mail is kept from the recipient of one of `deliveries` or of
    `new_recipients`, by the store's clock. All that begins an attempt says so."""


@dataclass(slots=True)
class Change(Transition):
    """All else that is kept together with it, or alone."""

    contents: Sequence[Content] = ()
    bodies: Mapping[bytes, str | bytes] = field(default_factory=dict)
    """Bodies and attachments by SHA-256; stored once however often they are sent."""
    new_recipients: Sequence[StoredRecipient] = ()
    new_deliveries: Sequence[StoredDelivery] = ()
    """Rows that must not exist yet."""
    suppressions: Sequence[StoredSuppression] = ()
    """As `keys`; no two that are active are of one address."""
    soft_bounces: Sequence[SoftBounces] = ()
    keys: Sequence[StoredKey] = ()
    """As `deliveries`; revision 1 is a new key."""
    expected_keys: Mapping[int, int] = field(default_factory=dict)
    """Key id -> revision that must be the stored one, for what was decided on a key that was read earlier."""
    users: Sequence[StoredUser] = ()
    """As `keys`; addresses are unique among those who are not deleted."""
    expected_users: Mapping[int, int] = field(default_factory=dict)
    tokens: Sequence[StoredToken] = ()
    expected_tokens: Mapping[int, int] = field(default_factory=dict)
    """As `expected_keys`, and a `Conflict` too if the token is revoked: whoever writes with a token names it here."""
    webhooks: Sequence[StoredWebhook] = ()
    """As `keys`."""
    setup_codes: Sequence[SetupCode] = ()
    """Each replaces the code that its user had."""
    used_setup_codes: Sequence[bytes] = ()
    """Hashes; a `Conflict` unless each is still there, and then it is gone."""
    void_setup_codes: Sequence[int] = ()
    """Users whose code goes, if they have one."""
    sessions: Sequence[Session] = ()
    ended_sessions: Sequence[bytes] = ()
    signed_out: Sequence[int] = ()
    """Users all of whose earlier sessions end."""
    daily_use: DailyUse | None = None
    """Counted with the change, or the change is refused with `QuotaExceeded`."""
    idempotency: Idempotency | None = None
    """Must be new: a `Conflict` if the scope is taken. Its position is set to this change's."""
    answers: Mapping[bytes, bytes | None] = field(default_factory=dict)
    """Idempotency scope -> the first answer; None frees the key."""
    expired: Mapping[bytes, int] = field(default_factory=dict)
    """Idempotency scope -> when its key was claimed, as read; one that was claimed anew meanwhile stays."""
    sandbox_mail: SandboxMail | None = None
    notices: Sequence[RawNotice] = ()
    """Raw, as a provider sent them; unread."""
    readings: Sequence[NoticeReading] = ()
    """Of notices that are unread: otherwise a `Conflict`."""
    read_again: Sequence[int] = ()
    """Ids of notices that are unread from now on, whatever came of them before."""
    malformed: Sequence[MalformedMessage] = ()
    """One that is there already is replaced."""
    buried: Sequence[str] = ()
    """Malformed messages, by their ids, whose bodies somebody else has now, or nobody wants."""
    results_due: Sequence[ResultDue] = ()
    results_told: Sequence[int] = ()
    """By their numbers."""
    results_mark: Position | None = None
    """Up to there the results that the log tells of are told; it never goes back."""
    specification: Specification | None = None
    """At its next revision, or a `Conflict`."""
    changelog: ChangelogEntry | None = None
    """Later than the last entry, which must be the one of its `after`: otherwise a `Conflict`."""

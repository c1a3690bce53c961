"""The port to log, state and vault: one transaction per change, many changes per sync.

Everything that must survive goes through `Store.commit`. Times are milliseconds since 1970, ids as in `domain.ids`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from couvert.domain.delivery import Delivery, DeliveryEvent, Reason, State
from couvert.domain.key import ApiKey, KeyEvent
from couvert.domain.mail import MailAccepted, Recipient, References, Sender
from couvert.domain.restrictions import DailyUse
from couvert.domain.suppression import Suppression, SuppressionEvent
from couvert.domain.token import TokenEvent
from couvert.domain.user import UserEvent
from couvert.domain.webhook import Webhook, WebhookEvent
from couvert.store.accounts import Accounts, Session, SetupCode, StoredToken, StoredUser
from couvert.store.leftovers import Leftovers
from couvert.store.messages import MalformedMessage, MessageShelf, ResultDue
from couvert.store.notices import NoticeReading, NoticeShelf, RawNotice
from couvert.store.pace import PaceBook
from couvert.tallies import SIZES, Histogram

Position = int
"""Where an event stands in the log: from 1, without order inversions; a lower one never appears after a higher one."""

QUEUE: Final = 2
"""The owner in whose name a delivery waits while a message about it is in the bulk queue; that of no worker is even."""

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


class SuppressionFilter(NamedTuple):
    """Those in force at a time, and what else they have to be."""

    now: int
    reason: Reason | None = None
    mark: bytes | None = None
    """Of the address."""
    before: int | None = None
    """Only ids below this one."""


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


class Examination(NamedTuple):
    """What a look at the database's file found."""

    faults: Sequence[str]
    is_complete: bool
    """All of it was looked at in time."""
    file_bytes: int
    wal_bytes: int


class SandboxMail(NamedTuple):
    delivery_id: int
    attempt: int
    at: int
    content: bytes


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


@dataclass(slots=True)
class Commits:
    """What this process committed, counted for whoever watches."""

    seconds: Histogram = field(default_factory=Histogram)
    """From the first statement of a group until it is synced and its senders are told."""
    items: Histogram = field(default_factory=lambda: Histogram(SIZES))
    """In each group."""
    unavailable: int = 0
    """Items that the database could not take."""


class Store(Accounts, NoticeShelf, MessageShelf, PaceBook, Leftovers, Protocol):
    """Raises `Unavailable` where it cannot read or write now (disk full, read-only, broken); it recovers by itself."""

    @property
    def committed(self) -> Commits: ...

    async def commit(self, change: Transition) -> Position:
        """Keep the whole change and return the log's last position, once synced; on a refusal, keep nothing of it.

        Many run at once and share a sync; one that conflicts or is faulty fails alone.
        """

    async def take(self, *, owner: int, now: int, until: int, limit: int, bulk_beside: int = 0) -> list[TakenDelivery]:
        """Lease up to `limit` deliveries whose `wake_at` has come, best priority first, and up to so many bulk ones
        beside. Of one priority, posters get the same number, one of each in turn, and each its longest due first.
        """

    async def take_over(self, *, owner: int, deliveries: Sequence[int], until: int) -> list[TakenDelivery]:
        """Lease those of `deliveries` that wait in the name of `QUEUE`, whether or not their leases have run out."""

    async def renew(self, *, owner: int, deliveries: Sequence[int], until: int) -> None:
        """Prolong the leases that `owner` still holds, and shorten none; revisions stay."""

    async def release(self, *, owner: int, deliveries: Sequence[int], wake_at: int | None = None) -> None:
        """Give leases back that were not begun: due again at `wake_at`, or when they were due before."""

    async def next_look(self) -> int | None:
        """When to `take` next, None if nothing waits: at times sooner, never later than the next delivery wants it."""

    async def next_wake(self) -> int | None:
        """When the next delivery wants a worker, None if nothing waits."""

    async def expired(self, *, now: int, limit: int) -> list[StoredDelivery]:
        """Deliveries that wait for an attempt and for nobody's lease, and whose mail has expired."""

    async def delivery(self, delivery_id: int) -> StoredDelivery | None: ...

    async def latest_deliveries(self, most: int) -> list[int]:
        """Ids, the newest first."""

    async def deliveries(self, *, first: int, last: int, states: Collection[State]) -> list[StoredDelivery]:
        """Those from id `first` to id `last` that are in one of these states, in the order of their ids."""

    async def states(self, *, first: int, last: int) -> Mapping[State, int]:
        """How many of the deliveries from id `first` to id `last` are in which state."""

    async def recipient(self, delivery_id: int) -> Recipient | None: ...

    async def content(self, mail_id: int) -> Content | None: ...

    async def body(self, sha256: bytes) -> str | None: ...

    async def attachment(self, sha256: bytes) -> bytes | None:
        """The content of an attachment."""

    async def key(self, key_hash: bytes) -> StoredKey | None:
        """By the hash of the key itself, deleted ones included."""

    async def key_by_id(self, key_id: str) -> StoredKey | None:
        """By the UUID that clients see, deleted ones included."""

    async def keys(self) -> list[StoredKey]: ...

    async def suppression(self, id_: int) -> StoredSuppression | None:
        """Ended ones included."""

    async def active_suppressions(self, marks: Collection[bytes]) -> Mapping[bytes, StoredSuppression]:
        """Of the addresses with these marks, the one each has, if it has one that was not yet recorded as ended."""

    async def suppressions(self, wanted: SuppressionFilter, *, limit: int, skip: int = 0) -> list[StoredSuppression]:
        """The newest first."""

    async def count_suppressions(self, wanted: SuppressionFilter, most: int) -> int:
        """No further than `most`."""

    async def lapsed_suppressions(self, now: int, most: int) -> list[StoredSuppression]:
        """Active ones whose end has passed."""

    async def soft_bounces(self, mark: bytes) -> int:
        """In a row, of the address with this mark."""

    async def has_soft_bounces(self) -> bool:
        """Whether any address has one."""

    async def used(self, key: int, day: int) -> int:
        """How many recipients were counted for a key with a quota, on a day since 1970."""

    async def webhook(self, webhook_id: str) -> StoredWebhook | None:
        """By the UUID that clients see, deleted ones included."""

    async def webhooks(self) -> list[StoredWebhook]:
        """Those that are not deleted, oldest first."""

    async def is_key_origin(self, names: Sequence[str], now: int) -> bool:
        """Whether an active, unexpired key has one of these origin names."""

    async def idempotency(self, scope: bytes) -> Idempotency | None: ...

    async def sandbox_mails(self, delivery_id: int) -> list[SandboxMail]: ...

    async def specification(self) -> Specification | None: ...

    async def changelog(self, most: int) -> list[ChangelogEntry]:
        """The newest first, without their documents."""

    async def recorded_document(self, day: str) -> bytes | None: ...

    async def timeline(self, mail_id: int, part: int) -> list[NotedEvent]:
        """A delivery's events and its mail's, oldest first; part 0 is the mail alone."""

    async def position(self) -> Position:
        """Of the last event, 0 if there is none."""

    async def last_event_at(self) -> int | None:
        """When the last event happened, by the clock of whoever appended it."""

    async def last_taken_at(self, before: int) -> int | None:
        """When a provider took a mail last, before that time; None too if it was long ago."""

    async def latest_senders(self, mails: int) -> list[str]:
        """The addresses that the last so many mails came from."""

    async def examine(self, seconds: float) -> Examination:
        """Look for damage, for so long at most."""

    def on_commit(self, listener: Callable[[Position], None]) -> None:
        """Call `listener` on the event loop after each sync of this process that appended events."""

    async def close(self) -> None:
        """Finish what is under way and close the files."""

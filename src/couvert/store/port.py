"""The port to log, state and vault: one transaction per change, many changes per sync.

Everything that must survive goes through `Store.commit`. Times are milliseconds since 1970, ids as in `domain.ids`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from couvert.domain.delivery import State
from couvert.domain.delivery_events import Reason
from couvert.domain.mail import Recipient
from couvert.store.accounts import Accounts
from couvert.store.changes import Transition
from couvert.store.leftovers import Leftovers
from couvert.store.log import NotedEvent, Position
from couvert.store.messages import MessageShelf
from couvert.store.notices import NoticeShelf
from couvert.store.pace import PaceBook
from couvert.store.rows import (
    ChangelogEntry,
    Content,
    Idempotency,
    SandboxMail,
    Specification,
    StoredDelivery,
    StoredKey,
    StoredSuppression,
    StoredWebhook,
    TakenDelivery,
)
from couvert.tallies import SIZES, Histogram


class SuppressionFilter(NamedTuple):
    """Those in force at a time, and what else they have to be."""

    now: int
    reason: Reason | None = None
    mark: bytes | None = None
    """Of the address."""
    before: int | None = None
    """Only ids below this one."""


class Examination(NamedTuple):
    """What a look at the database's file found."""

    faults: Sequence[str]
    is_complete: bool
    """All of it was looked at in time."""
    file_bytes: int
    wal_bytes: int


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

"""The part of the store's port that is about a provider's notices: kept as they came, read afterwards, never lost."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple, Protocol


class Source(StrEnum):
    """The door that a notice came in by."""

    SNS = "sns"
    SQS = "sqs"
    FILE = "file"
    MAILBOX = "mailbox"


class Result(StrEnum):
    """What came of reading a notice."""

    UNREAD = "unread"
    WAITING = "waiting"
    """Nobody knows yet whose it is; looked at again."""
    READ = "read"
    """All that it says is in the timelines."""
    UNKNOWN = "unknown"
    """Of a kind that says nothing of a delivery's fate; kept."""
    UNMATCHED = "unmatched"
    """About nobody here, or somebody besides."""
    UNREADABLE = "unreadable"
    FAILED = "failed"
    """A bug of ours: the detail names it, and a replay reads it again."""


UNREAD = frozenset({Result.UNREAD, Result.WAITING})
IN_VAIN = frozenset({Result.UNMATCHED, Result.UNREADABLE, Result.FAILED})
"""What somebody should look at."""


class RawNotice(NamedTuple):
    """On its way in; one whose digest is there already is not kept again."""

    source: Source
    received_at: int
    digest: bytes
    body: bytes


class StoredNotice(NamedTuple):
    id: int
    source: Source
    received_at: int
    body: bytes
    look_at: int | None
    """When it is to be read; None once it was."""
    read_at: int | None
    result: Result
    detail: str | None


class NoticeReading(NamedTuple):
    """That a notice was read, and what came of it; a `Conflict` if somebody else read it first."""

    id: int
    result: Result
    detail: str | None = None
    look_at: int | None = None
    """When to look again; None: this was all."""


class NoticeTotal(NamedTuple):
    """For metrics and the doctor."""

    source: Source
    result: Result
    number: int
    last_received_at: int


class Handed(NamedTuple):
    """An attempt that the provider took, known by the provider's name for it."""

    delivery_id: int
    attempt: int


class NoticeShelf(Protocol):
    """What `Store` promises about them; `Change` is how they come in and are read."""

    async def due_notices(self, now: int, limit: int) -> list[StoredNotice]:
        """Those that are to be read by now, in the order they came."""

    async def notice(self, id_: int) -> StoredNotice | None: ...

    async def notice_by_digest(self, digest: bytes) -> StoredNotice | None: ...

    async def notices(self, results: Collection[Result], most: int) -> list[StoredNotice]:
        """The newest first."""

    async def notice_totals(self) -> list[NoticeTotal]:
        """By source and result: how many there are, and when the last one came."""

    async def unread_notices(self, most: int) -> int:
        """How many wait to be read the first time; no further than `most`."""

    async def last_notice_at(self) -> int | None:
        """When the last one came."""

    async def oldest_unread_notice(self) -> int | None:
        """When the notice came that waits longest for being read the first time; None if none does."""

    async def handed_over_as(self, provider_id: str) -> list[Handed]:
        """The attempts that the provider took under this id: one, unless a provider gives an id twice."""

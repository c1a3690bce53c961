"""A provider's notices on SQLite: how they are found, expected unread, and written."""

from __future__ import annotations

import sqlite3
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

import msgspec

from couvert.domain.refusals import Conflict
from couvert.store.changes import Change
from couvert.store.notices import Handed, NoticeTotal, RawNotice, Result, Source, StoredNotice
from couvert.store.sqlite.rows import LEVEL, TENANT, Row
from couvert.store.sqlite.statements import Table, insert, select_in

T = TypeVar("T")

_COLUMNS: Final = "id, source, received_at, deflated, look_at, read_at, result, detail"
_NOTICE: Final = Table(
    "notice (tenant, source, received_at, sha256, deflated, look_at, result)", 7, " on conflict (sha256) do nothing"
)
_UNREAD: Final = "select id from notice where look_at is not null and id"
_READ: Final = "update notice set read_at = ?, result = ?, detail = ?, look_at = ? where id = ?"
_AGAIN: Final = "update notice set read_at = null, result = 'unread', detail = null, look_at = ? where id = ?"
_TOTALS: Final = "select source, result, count(*), max(received_at) from notice group by result, source"
# The index is on this very expression, so that it costs nothing but for what a provider took.
_HANDED_OVER: Final = """
select stream + part, payload ->> 'attempt' from event where type = 5 and payload ->> 'provider_id' = ?
"""


class SqliteNotices(ABC):
    """The part of `SqliteStore` that is about notices."""

    @abstractmethod
    def _read(self, sql: str, *values: Any) -> list[Row]: ...

    @abstractmethod
    def _one(self, make: Callable[[Row], T], sql: str, *values: Any) -> T | None: ...

    async def due_notices(self, now: int, limit: int) -> list[StoredNotice]:
        sql = f"select {_COLUMNS} from notice where look_at <= ? order by look_at, id limit ?"
        return [_stored(row) for row in self._read(sql, now, limit)]

    async def notice(self, id_: int) -> StoredNotice | None:
        return self._one(_stored, f"select {_COLUMNS} from notice where id = ?", id_)

    async def notice_by_digest(self, digest: bytes) -> StoredNotice | None:
        return self._one(_stored, f"select {_COLUMNS} from notice where sha256 = ?", digest)

    async def notices(self, results: Collection[Result], most: int) -> list[StoredNotice]:
        wanted = msgspec.json.encode(sorted(results)).decode()
        sql = f"select {_COLUMNS} from notice where result in (select value from json_each(?)) order by id desc limit ?"
        return [_stored(row) for row in self._read(sql, wanted, most)]

    async def notice_totals(self) -> list[NoticeTotal]:
        return [
            NoticeTotal(Source(source), Result(result), count, last)
            for source, result, count, last in self._read(_TOTALS)
        ]

    async def unread_notices(self, most: int) -> int:
        sql = "select count(*) from (select 1 from notice where result = 'unread' limit ?)"
        return self._one(lambda row: int(row[0]), sql, most) or 0

    async def last_notice_at(self) -> int | None:
        return self._one(lambda row: row[0], "select received_at from notice order by id desc limit 1")

    async def oldest_unread_notice(self) -> int | None:
        sql = "select min(received_at) from notice where result = 'unread'"
        return self._one(lambda row: row[0], sql)

    async def handed_over_as(self, provider_id: str) -> list[Handed]:
        return [Handed(*row) for row in self._read(_HANDED_OVER, provider_id)]


class Unread:
    """The notices that changes read must be unread; each is read by one of a group."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        ids = {reading.id for change in changes for reading in change.readings}
        self._unread: set[int] = {id_ for (id_,) in select_in(connection, _UNREAD, ids)}

    def judge(self, change: Change) -> Conflict | None:
        if all(reading.id in self._unread for reading in change.readings):
            return None
        return Conflict("the notice was read by somebody else")

    def passed(self, change: Change) -> None:
        self._unread.difference_update(reading.id for reading in change.readings)


def of_group(connection: sqlite3.Connection, changes: Sequence[Change]) -> list[Unread]:
    return [Unread(connection, changes)] if any(change.readings for change in changes) else []


def write(connection: sqlite3.Connection, passed: Sequence[Change]) -> None:
    """What came, what was read, and what is to be read again."""
    insert(connection, _NOTICE, [_row(notice) for change in passed for notice in change.notices])
    for change in passed:
        for id_, result, detail, look_at in change.readings:
            connection.execute(_READ, (change.at, result, detail, look_at, id_))
        for id_ in change.read_again:
            connection.execute(_AGAIN, (change.at, id_))


def _row(notice: RawNotice) -> Row:
    return (
        TENANT, notice.source, notice.received_at, notice.digest, zlib.compress(notice.body, LEVEL),
        notice.received_at, Result.UNREAD,
    )  # fmt: skip


def _stored(row: Row) -> StoredNotice:
    id_, source, received_at, deflated, look_at, read_at, result, detail = row
    return StoredNotice(
        id_, Source(source), received_at, zlib.decompress(deflated), look_at, read_at, Result(result), detail
    )

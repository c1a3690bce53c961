"""The store's port on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from couvert.domain.delivery import State
from couvert.domain.mail import Recipient
from couvert.domain.refusals import Unavailable
from couvert.store import codec
from couvert.store.changes import Change, Transition
from couvert.store.log import LoggedEvent, NotedEvent, Position
from couvert.store.port import Commits, Examination
from couvert.store.rows import (
    ChangelogEntry,
    Content,
    Idempotency,
    SandboxMail,
    Specification,
    StoredAttachment,
    StoredDelivery,
    StoredKey,
    StoredWebhook,
)
from couvert.store.sqlite import examination, rows
from couvert.store.sqlite.accounts import SqliteAccounts
from couvert.store.sqlite.checkpointer import Checkpointer
from couvert.store.sqlite.connections import open_checkpointer, open_reader, open_writer
from couvert.store.sqlite.leftovers import SqliteLeftovers
from couvert.store.sqlite.messages import SqliteMessages
from couvert.store.sqlite.migration import migrate
from couvert.store.sqlite.notices import SqliteNotices
from couvert.store.sqlite.pace import SqlitePace
from couvert.store.sqlite.queue import SqliteQueue
from couvert.store.sqlite.rows import Row
from couvert.store.sqlite.suppressions import SqliteSuppressions
from couvert.store.sqlite.webhook_rows import webhook_of
from couvert.store.sqlite.writer import Writer

T = TypeVar("T")

FILE: Final = "couvert.db"
_ATTACHMENTS: Final = """
select filename, content_type, content_id, size, sha256 from attachment where mail_id = ? order by n
"""
_TIMELINE: Final = """
select e.position, e.stream, e.part, e.at, e.type, e.payload, n.words
from event e left join note n on n.position = e.position
where e.stream = ? and e.part in (0, ?) order by e.position
"""
# Among the newest 100,000 events: 10 ms.
_TAKEN_AT: Final = """
select max(at) from (select type, at from event order by position desc limit 100000) where type = 5 and at <= ?
"""
_SENDERS: Final = """
select distinct sender_email from (select sender_email from content order by mail_id desc limit ?) order by 1
"""
_KEY_ORIGIN: Final = """
select 1 from api_key_origin o join api_key k on k.id = o.key
where o.name in ({}) and k.is_active and (k.expires_at is null or k.expires_at > ?) limit 1
"""


class SqliteStore(
    SqliteQueue, SqliteAccounts, SqlitePace, SqliteSuppressions, SqliteNotices, SqliteMessages, SqliteLeftovers
):
    """Writes go through one thread; point reads run where they are asked for, 5 to 10 us each on cached pages."""

    def __init__(self, directory: Path, now_ms: Callable[[], int]) -> None:
        """Open the data directory, creating or migrating its files. Raises sqlite3.Error, OSError, OtherSchema."""
        directory.mkdir(parents=True, exist_ok=True)
        self._path = path = directory / FILE
        with closing(open_writer(path)) as connection:
            migrate(connection)
        self._listeners: list[Callable[[Position], None]] = []
        self._reader = open_reader(path)
        self._checkpointer = Checkpointer(lambda: open_checkpointer(path))
        self._writer = Writer(lambda: open_writer(path), self._checkpointer, now_ms, self._committed)
        self._checkpointer.start()
        self._writer.start()

    @property
    def committed(self) -> Commits:
        return self._writer.commits

    async def commit(self, change: Transition) -> Position:
        if isinstance(change, Change) and any(len(body) > rows.LARGE for body in change.bodies.values()):
            change = replace(change, bodies=await asyncio.to_thread(rows.deflated, change.bodies))
        return cast(Position, await self._writer.submit(change))

    async def delivery(self, delivery_id: int) -> StoredDelivery | None:
        return self._one(rows.delivery_of, f"select {rows.DELIVERY} from delivery where id = ?", delivery_id)

    async def latest_deliveries(self, most: int) -> list[int]:
        return [row[0] for row in self._read("select id from delivery order by id desc limit ?", most)]

    async def deliveries(self, *, first: int, last: int, states: Collection[State]) -> list[StoredDelivery]:
        codes = ", ".join(str(rows.STATE_CODES[state]) for state in states)
        sql = f"select {rows.DELIVERY} from delivery where id between ? and ? and state in ({codes}) order by id"
        return [rows.delivery_of(row) for row in self._read(sql, first, last)]

    async def states(self, *, first: int, last: int) -> Mapping[State, int]:
        sql = "select state, count(*) from delivery where id between ? and ? group by state"
        return {rows.STATES[code]: count for code, count in self._read(sql, first, last)}

    async def recipient(self, delivery_id: int) -> Recipient | None:
        return self._one(rows.recipient_of, "select * from recipient where delivery_id = ?", delivery_id)

    async def content(self, mail_id: int) -> Content | None:
        found = self._read("select * from content where mail_id = ?", mail_id)
        if not found:
            return None
        has_attachments = found[0][-1]
        attached = self._read(_ATTACHMENTS, mail_id) if has_attachments else ()
        return rows.content_of(found[0], tuple(StoredAttachment(*row) for row in attached))

    async def body(self, sha256: bytes) -> str | None:
        found = await self.attachment(sha256)
        return None if found is None else found.decode()

    async def attachment(self, sha256: bytes) -> bytes | None:
        return self._one(lambda row: rows.inflate(row[0]), "select deflated from body where sha256 = ?", sha256)

    async def key(self, key_hash: bytes) -> StoredKey | None:
        return self._one(rows.key_of, "select * from api_key where hash = ?", key_hash)

    async def key_by_id(self, key_id: str) -> StoredKey | None:
        return self._one(rows.key_of, "select * from api_key where key_id = ?", key_id)

    async def used(self, key: int, day: int) -> int:
        sql = "select recipients from key_usage where key = ? and day = ?"
        return self._one(lambda row: int(row[0]), sql, key, day) or 0

    async def keys(self) -> list[StoredKey]:
        return [rows.key_of(row) for row in self._read("select * from api_key order by id")]

    async def webhook(self, webhook_id: str) -> StoredWebhook | None:
        return self._one(webhook_of, "select * from webhook where webhook_id = ?", webhook_id)

    async def webhooks(self) -> list[StoredWebhook]:
        return [webhook_of(row) for row in self._read("select * from webhook where not is_deleted order by id")]

    async def is_key_origin(self, names: Sequence[str], now: int) -> bool:
        return bool(self._read(_KEY_ORIGIN.format(", ".join("?" * len(names))), *names, now))

    async def idempotency(self, scope: bytes) -> Idempotency | None:
        return self._one(rows.idempotency_of, "select * from idempotency where scope = ?", scope)

    async def specification(self) -> Specification | None:
        return self._one(rows.specification_of, "select * from specification")

    async def changelog(self, most: int) -> list[ChangelogEntry]:
        sql = "select day, recorded_at, after, title, differences, x'' from changelog order by day desc limit ?"
        return [ChangelogEntry(*row) for row in self._read(sql, most)]

    async def recorded_document(self, day: str) -> bytes | None:
        return self._one(lambda row: zlib.decompress(row[0]), "select deflated from changelog where day = ?", day)

    async def sandbox_mails(self, delivery_id: int) -> list[SandboxMail]:
        sql = "select * from sandbox_mail where delivery_id = ? order by attempt"
        return [rows.sandbox_of(row) for row in self._read(sql, delivery_id)]

    async def timeline(self, mail_id: int, part: int) -> list[NotedEvent]:
        return [
            NotedEvent(LoggedEvent(position, stream, n, at, codec.decode(code, payload)), codec.name(code), words)
            for position, stream, n, at, code, payload, words in self._read(_TIMELINE, mail_id, part)
        ]

    async def position(self) -> Position:
        return int(self._read("select coalesce(max(position), 0) from event")[0][0])

    async def last_event_at(self) -> int | None:
        found = self._read("select at from event order by position desc limit 1")
        return found[0][0] if found else None

    async def last_taken_at(self, before: int) -> int | None:
        return self._one(lambda row: row[0], _TAKEN_AT, before)

    async def latest_senders(self, mails: int) -> list[str]:
        return [row[0] for row in self._read(_SENDERS, mails)]

    async def examine(self, seconds: float) -> Examination:
        try:
            return await asyncio.to_thread(examination.examine, self._path, seconds)
        except sqlite3.Error as error:
            raise Unavailable(f"The database cannot be read ({error}).") from error

    def on_commit(self, listener: Callable[[Position], None]) -> None:
        self._listeners.append(listener)

    async def close(self) -> None:
        await self._writer.stop()
        await asyncio.to_thread(self._checkpointer.stop)
        self._reader.close()

    def _committed(self, position: Position) -> None:
        for listener in self._listeners:
            listener(position)

    def _one(self, make: Callable[[Row], T], sql: str, *values: Any) -> T | None:
        found = self._read(sql, *values)
        return make(found[0]) if found else None

    def _read(self, sql: str, *values: Any) -> list[Row]:
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"The database cannot be read ({error}). Try again later.") from error

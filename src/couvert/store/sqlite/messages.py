"""Malformed messages and results that are due, in SQLite."""

from __future__ import annotations

import sqlite3
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from couvert.store.changes import Change
from couvert.store.messages import Echo, MalformedMessage, ResultDue
from couvert.store.sqlite.rows import LEVEL, TENANT, Row
from couvert.store.sqlite.statements import Table, insert, replacing

T = TypeVar("T")

_MALFORMED: Final = Table("malformed_message", 9, replacing(
    "message_id", "received_at", "deflated", "fault", "email_id", "email_recipient_id", "recipient", "queued_at",
))  # fmt: skip
_RESULT_DUE: Final = Table("result_due (tenant, delivery_id, message_id)", 3)
_BURIED: Final = "update malformed_message set deflated = null where message_id = ?"
_MARK: Final = """
insert into results_mark values (1, ?, ?) on conflict (only) do update set position = max(position, excluded.position)
"""
# Of a message that is kept elsewhere, nothing is needed but what its result says.
_OVER: Final = """
delete from malformed_message where message_id = ?1 and deflated is null
and not exists (select 1 from result_due where message_id = ?1)
"""
_KEPT: Final = "select * from malformed_message where deflated is not null order by received_at limit ?"
_DUE: Final = "select delivery_id, message_id, id from result_due order by id limit ?"


class SqliteMessages(ABC):
    """The part of `SqliteStore` that is about the queue's messages."""

    @abstractmethod
    def _read(self, sql: str, *values: Any) -> list[Row]: ...

    @abstractmethod
    def _one(self, make: Callable[[Row], T], sql: str, *values: Any) -> T | None: ...

    async def malformed_message(self, message_id: str) -> MalformedMessage | None:
        return self._one(_stored, "select * from malformed_message where message_id = ?", message_id)

    async def kept_messages(self, most: int) -> list[MalformedMessage]:
        return [_stored(row) for row in self._read(_KEPT, most)]

    async def count_kept_messages(self) -> int:
        return int(self._read("select count(*) from malformed_message where deflated is not null")[0][0])

    async def results_due(self, most: int) -> list[ResultDue]:
        return [ResultDue(*row) for row in self._read(_DUE, most)]

    async def results_mark(self) -> int | None:
        return self._one(lambda row: int(row[0]), "select position from results_mark")


def write(connection: sqlite3.Connection, passed: Sequence[Change]) -> None:
    """What came, what is due, and what is over."""
    for change in passed:
        if change.malformed or change.results_due:
            insert(connection, _MALFORMED, [_row(message) for message in change.malformed])
            insert(connection, _RESULT_DUE, [(TENANT, *due[:2]) for due in change.results_due])
        for number in change.results_told:
            sql = "delete from result_due where id = ? returning message_id"
            for (message_id,) in connection.execute(sql, (number,)).fetchall():
                connection.execute(_OVER, (message_id,))
        if change.results_mark is not None:
            connection.execute(_MARK, (TENANT, change.results_mark))
        for message_id in change.buried:
            connection.execute(_BURIED, (message_id,))
            connection.execute(_OVER, (message_id,))


def _row(message: MalformedMessage) -> Row:
    deflated = None if message.body is None else zlib.compress(message.body.encode("utf-8", "surrogatepass"), LEVEL)
    return (message.message_id, TENANT, message.received_at, deflated, message.fault, *message.echo)


def _stored(row: Row) -> MalformedMessage:
    message_id, _, received_at, deflated, fault, *echo = row
    body = None if deflated is None else zlib.decompress(deflated).decode("utf-8", "surrogatepass")
    return MalformedMessage(message_id, received_at, body, fault, Echo(*echo))

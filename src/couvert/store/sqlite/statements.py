"""One statement for many rows: `insert ... values (?, ?), (?, ?), ...`, kept few in shape so that they stay prepared.

`executemany` would give the interpreter lock away at every row (192 us a row beside a busy event loop); JSON through
`json_each` costs 6.4 us a row of this width, bound values 2.9.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, NamedTuple

from couvert.store.sqlite.rows import Row

EXACT: Final = 32
"""Up to this many rows each number has its own statement; above, chunks of powers of two."""
LARGEST: Final = 1024  # times 17 columns stays below SQLite's 32,766 variables


class Table(NamedTuple):
    name: str
    columns: int
    on_conflict: str = ""


def replacing(key: str, *columns: str) -> str:
    """For a row that is there already: these columns change, the others stay."""
    return f" on conflict ({key}) do update set " + ", ".join(f"{column} = excluded.{column}" for column in columns)


EVENT: Final = Table("event", 7)
CONTENT: Final = Table("content", 18)
ATTACHMENT: Final = Table("attachment", 8)
RECIPIENT: Final = Table("recipient", 7)
NOTE: Final = Table("note", 3)
BODY: Final = Table("body", 3, " on conflict (sha256) do nothing")
DELIVERY: Final = Table("delivery", 16)
DELIVERY_AGAIN: Final = Table("delivery", 16, replacing(
    "id", "state", "attempt", "is_begun", "deferrals", "is_resent", "due_at", "give_up_at", "revision",
    "wake_at", "owner",
))  # fmt: skip
KEY: Final = Table("api_key", 12, replacing(
    "id", "name", "is_active", "expires_at", "origins", "restrictions", "senders", "revision",
))  # fmt: skip
KEY_ORIGIN: Final = Table("api_key_origin", 2, " on conflict do nothing")
KEY_USAGE: Final = Table("key_usage", 3, replacing("key, day", "recipients"))
WEBHOOK: Final = Table("webhook", 17, replacing(
    "id", "is_deleted", "off_reason", "is_active", "includes_recipient", "types", "url", "description", "tags",
    "project_id", "secret", "former_secret", "former_until", "revision",
))  # fmt: skip
IDEMPOTENCY: Final = Table("idempotency", 7)
SANDBOX_MAIL: Final = Table("sandbox_mail", 5)
SPECIFICATION: Final = Table("specification", 4, replacing("only", "day", "deflated", "revision"))
CHANGELOG: Final = Table("changelog", 6)


def insert(connection: sqlite3.Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows in their order, in as few statements as fit."""
    start = 0
    while start < len(rows):
        size = _chunk(len(rows) - start)
        chunk = rows[start : start + size]
        connection.execute(_insert_sql(table, size), list(chain.from_iterable(chunk)))
        start += size


def select_in(connection: sqlite3.Connection, head: str, ids: Collection[int] | Collection[bytes]) -> Iterable[Any]:
    """The rows of `head where id in ids`; `head` ends before the `in`."""
    left: list[int | bytes] = list(ids)
    while left:
        size = _chunk(len(left))
        yield from connection.execute(f"{head} in ({_marks(size)})", left[:size]).fetchall()
        left = left[size:]


def _chunk(rows: int) -> int:
    if rows <= EXACT:
        return rows
    return int(min(LARGEST, 1 << (rows.bit_length() - 1)))


@cache
def _insert_sql(table: Table, rows: int) -> str:
    row = f"({_marks(table.columns)})"
    return f"insert into {table.name} values {', '.join([row] * rows)}{table.on_conflict}"


@cache
def _marks(count: int) -> str:
    return ", ".join("?" * count)

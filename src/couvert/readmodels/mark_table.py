"""The index of the vault in the read models' file: which mails bear which marks, newest first.

Full-text tables of SQLite keep what they index in sorted runs that are merged now and then. So a mail costs 10 us
however many rows there are, where a B-tree of the same marks took 60 us and five times the room (decision 0010).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

NAME: Final = "marks"
VERSION: Final = 1
# Only the marks' lists: no copy of the text (content), no sizes (columnsize), no places in the text (detail).
SCHEMA: Final = "create virtual table mark using fts5(marks, content='', columnsize=0, detail=none, tokenize='ascii')"
TABLES: Final = frozenset({"mark", "mark_data", "mark_idx", "mark_config"})
"""What SQLite makes of it. Their rows depend on how the log was cut into batches; a checksum leaves them out."""

# One statement for all: see `fetch`.
_INSERT: Final = "insert into mark(rowid, marks) select value ->> 0, value ->> 1 from json_each(?)"


class MarkedMail(NamedTuple):
    mail_id: int
    marks: str
    """Separated by spaces."""


def insert(connection: sqlite3.Connection, mails: Sequence[MarkedMail]) -> None:
    if mails:
        # A lower rowid than the last one's ends a run, and many short runs are slow to search.
        connection.execute(_INSERT, (msgspec.json.encode(sorted(mails)).decode(),))


def forget(connection: sqlite3.Connection, mail_id: int, marks: Iterable[str]) -> None:
    """Take these marks from a mail; within a transaction. Those that it does not bear are passed over."""
    for mark in marks:
        # SQLite would count twice what is deleted twice, and call the table damaged one day.
        if connection.execute("select 1 from mark where mark match ? and rowid = ?", (mark, mail_id)).fetchall():
            connection.execute("insert into mark(mark, rowid, marks) values ('delete', ?, ?)", (mail_id, mark))
            connection.execute("insert into mark(rowid, marks) values (?, '')", (mail_id,))

"""A checksum of what a file of read models says: the same however its rows are ordered and its pages laid out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b

from couvert.readmodels.model_schema import BOOKKEEPING

BITS = 128


def checksum(connection: sqlite3.Connection) -> str:
    """Over every row of every table, the bookkeeping left out. Within a transaction, of one moment."""
    total = sum(map(_hash, _contents(connection)))
    return f"{total % (1 << BITS):0{BITS // 4}x}"


def _contents(connection: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    tables = connection.execute("select name from sqlite_schema where type = 'table' order by name").fetchall()
    for (table,) in tables:
        if table not in BOOKKEEPING and not table.startswith("sqlite_"):
            yield from ((table, *row) for row in connection.execute(f"select * from {table}"))


def _hash(row: tuple[object, ...]) -> int:
    return int.from_bytes(blake2b(repr(row).encode(), digest_size=BITS // 8).digest())

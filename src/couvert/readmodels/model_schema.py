"""What makes a file a file of read models: who made it, how far it got, and the projections' tables."""

from __future__ import annotations

import sqlite3
from typing import Final

from couvert.readmodels import mark_table
from couvert.readmodels.connections import transaction
from couvert.readmodels.log import START, Mark
from couvert.readmodels.projections import PROJECTIONS

BOOKKEEPING: Final = frozenset({"projection", "checkpoint"}) | mark_table.TABLES
"""Tables that say how the file came about, and the index of the vault; all others are what it says."""
_BOOKKEEPING: Final = (
    "create table projection (name text primary key, version integer not null) strict",
    """
    create table checkpoint (
        only     integer primary key check (only = 1),
        position integer not null,
        stream   integer not null,
        at       integer not null
    ) strict
    """,
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Unusable(Exception):
    """The file is damaged, gone, or made by another version: begin anew in a fresh one."""


def create(connection: sqlite3.Connection) -> None:
    """In an empty file."""
    with transaction(connection):
        for statement in _BOOKKEEPING:
            connection.execute(statement)
        connection.execute("insert into checkpoint values (1, ?, ?, ?)", START)
        connection.executemany("insert into projection values (?, ?)", _made_today().items())
        connection.execute(mark_table.SCHEMA)
        for projection in PROJECTIONS:
            for statement in projection.schema:
                connection.execute(statement)


def check(connection: sqlite3.Connection) -> None:
    """Raises `Unusable` unless exactly today's projections made this file."""
    is_ours = connection.execute("select 1 from sqlite_schema where name = 'projection'").fetchall()
    made_by = dict(connection.execute("select name, version from projection").fetchall()) if is_ours else {}
    wanted = _made_today()
    if made_by != wanted:
        raise Unusable(f"made by {made_by or 'something else'}, wanted is {wanted}")


def _made_today() -> dict[str, int]:
    return {projection.name: projection.version for projection in PROJECTIONS} | {mark_table.NAME: mark_table.VERSION}


def checkpoint(connection: sqlite3.Connection) -> Mark:
    [row] = connection.execute("select position, stream, at from checkpoint").fetchall()
    return Mark(*row)


def move_checkpoint(connection: sqlite3.Connection, to: Mark) -> None:
    connection.execute("update checkpoint set position = ?, stream = ?, at = ?", to)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the error is about what the file holds, rather than about the disk or the moment."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED

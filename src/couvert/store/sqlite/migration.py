"""Brings a file to today's schema, and refuses one that no step leads on from."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from typing import Final

from couvert.domain.refusals import Unavailable
from couvert.store import codec
from couvert.store.sqlite import schema

MOST_NAMED: Final = 5


class OtherSchema(Unavailable):
    """The data was written by a couvert that this one does not go on from; says what to do."""


def migrate(connection: sqlite3.Connection) -> int:
    """Apply all steps that are missing in one transaction; return how many. Raises `OtherSchema`."""
    connection.execute("begin immediate")
    try:
        check(connection)
        version = _version(connection)
        for step in schema.STEPS[version:]:
            _apply(step, connection)
        connection.executemany(
            "insert into event_type values (?, ?) on conflict (code) do update set name = excluded.name "
            "where name <> excluded.name",
            [(code, name) for code, (name, _) in codec.STORED.items()],
        )
        connection.execute(f"pragma user_version = {len(schema.STEPS)}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # a disk that is full has rolled it back already
            connection.execute("rollback")
        raise
    return len(schema.STEPS) - version


def check(connection: sqlite3.Connection) -> None:
    """Raises `OtherSchema` unless what the steps so far made is there, to the word. What else is there does no harm."""
    version, known = _version(connection), len(schema.STEPS)
    if version > known:
        raise OtherSchema(f"the data has schema {version}, this couvert knows {known}: install a newer couvert")
    missing = sorted(name for name, _ in _made_by(tuple(schema.STEPS[:version])) - _made_in(connection))
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise OtherSchema(
            f"the data was made by an unreleased couvert with other tables ({', '.join(missing[:MOST_NAMED])}{more}), "
            "which cannot be migrated: take an empty directory, or the couvert that made this one"
        )


# --- Details, in the order they are called ----------------------------------------------------------------------------


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


@cache
def _made_by(steps: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Found out by doing them, which takes 3 ms: later steps change what earlier ones made."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for step in steps:
            _apply(step, connection)
        return _made_in(connection)


def _made_in(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Names of tables and indexes, and the words that made them."""
    rows = connection.execute("select name, sql from sqlite_schema where name not like 'sqlite!_%' escape '!'")
    return frozenset((name, " ".join(words.split())) for name, words in rows.fetchall())


def _apply(step: str, connection: sqlite3.Connection) -> None:
    """`executescript` would commit first; the steps hold no semicolon but the ones that end a statement."""
    lines = [line for line in step.splitlines() if not line.lstrip().startswith("--")]
    for statement in "\n".join(lines).split(";"):
        if statement.strip():
            connection.execute(statement)

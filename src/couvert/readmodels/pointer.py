"""Which file holds the read models: a row of the database, so that another file takes over in one transaction."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path


def current(connection: sqlite3.Connection) -> str:
    [(name,)] = connection.execute("select file from read_models").fetchall()
    return str(name)


def fresh_name() -> str:
    """Never used before: somebody may still read a file that is gone under its old name."""
    return f"readmodels-{secrets.token_hex(4)}.db"


def move(connection: sqlite3.Connection, *, old: str, new: str) -> None:
    """Nothing happens if it points elsewhere by now: somebody else has moved it, and knows more."""
    connection.execute("update read_models set file = ? where file = ?", (new, old))


def remove(directory: Path, name: str) -> None:
    """The file itself first: without its WAL, nobody must open it. Whoever has it open keeps what it has."""
    for ending in ("", "-wal", "-shm"):
        (directory / f"{name}{ending}").unlink(missing_ok=True)


def leftovers(directory: Path, connection: sqlite3.Connection) -> set[str]:
    """Files that the database will never name again: what a rebuild left that was stopped."""
    # In this order: a file that is there and not named yet is a rebuild's, for a follower names it first.
    there = {path.name for path in directory.glob("readmodels-*.db")}
    return there - {current(connection)}

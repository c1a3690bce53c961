"""How the read side opens files: read-only by name, and transactions that end whatever happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_read_only(path: Path) -> sqlite3.Connection:
    """Never creates a file: sqlite3.OperationalError if there is none. For one thread at a time."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5, check_same_thread=False)


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """One consistent view for all that is read within, from the first statement on."""
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything within, or nothing; others may not write meanwhile."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # SQLite has rolled back by itself after some errors, a full disk among them.
        if connection.in_transaction:
            connection.execute("rollback")
        raise

"""How the files are opened: WAL, every commit synced, large pages."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final

from couvert.store.sqlite.schema import PAGE_SIZE

BUSY_MS: Final = 5_000
"""How long one process waits for another's transaction; ours are milliseconds."""


def open_writer(path: Path) -> sqlite3.Connection:
    """The connection that writes. Checkpoints are somebody else's work: they would hold up a commit."""
    connection = _open(path)
    connection.execute(f"pragma page_size = {PAGE_SIZE}")
    _use_wal(connection)
    connection.execute("pragma synchronous = full")
    connection.execute("pragma wal_autocheckpoint = 0")
    connection.execute("pragma cache_size = -16000")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Of two processes that make the same new file at once, one is told that it is locked, however long it may wait."""
    give_up_at = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)
        else:
            return


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection for short reads: fetch all rows at once, or the open statement keeps the WAL from being reused."""
    connection = _open(path)
    connection.execute("pragma query_only = on")
    return connection


def open_checkpointer(path: Path) -> sqlite3.Connection:
    connection = _open(path)
    connection.execute("pragma synchronous = full")
    return connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=BUSY_MS / 1000
    )
    connection.execute(f"pragma busy_timeout = {BUSY_MS}")
    return connection

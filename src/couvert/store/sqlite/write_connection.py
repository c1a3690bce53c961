"""The connection that writes: given up when the database cannot be written, and opened anew when it can again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Final

import structlog

REOPEN_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 5.0
"""How long another process may keep us from writing; its transactions are milliseconds."""
LOOK_SECONDS: Final = 0.001
"""SQLite's own patience ends in a look every 100 ms: beside a busy process a commit then waited for 2.8 s."""

log = structlog.get_logger()


class WriteConnection:
    def __init__(self, open_connection: Callable[[], sqlite3.Connection]) -> None:
        self._open = open_connection
        self._connection: sqlite3.Connection | None = _impatient(open_connection())
        """Answers at once if somebody else writes: that is for `begin` to wait for, not for the event loop."""
        self._reopen_at = 0.0
        self._is_suspect = False

    def get(self) -> sqlite3.Connection:
        """Raises sqlite3.Error while the database cannot be written."""
        if self._connection is None:
            if time.monotonic() < self._reopen_at:
                raise sqlite3.OperationalError("the database is being reopened")
            self._reopen_at = time.monotonic() + REOPEN_SECONDS
            self._connection = self._reopened()
            self._is_suspect = False
            log.warning("writer.reopened")
        return self._connection

    @property
    def open_or_none(self) -> sqlite3.Connection | None:
        """Without the wait that opening it anew may take."""
        return self._connection

    def give_up(self, *, is_suspect: bool) -> bool:
        """Whether it was open until now. Suspect: what the page cache holds may not be what the disk holds."""
        was_open = self._connection is not None
        self._is_suspect = self._is_suspect or is_suspect
        self.close()
        return was_open

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _reopened(self) -> sqlite3.Connection:
        connection = _impatient(self._open())
        try:
            # Copies the WAL into the database file and syncs that: from here on the disk holds what we read. It also
            # gives a full disk the WAL's space back.
            is_busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            if is_busy and self._is_suspect:
                raise sqlite3.OperationalError("somebody reads the database, and it has to be written back first")
            begin(connection)
            connection.execute("update read_models set file = file")
            connection.execute("commit")
        except BaseException:
            connection.close()
            raise
        return connection


def begin(connection: sqlite3.Connection) -> None:
    """Begin a transaction that writes, as soon as no other process is in one."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("begin immediate")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= give_up_at:
                raise
            time.sleep(LOOK_SECONDS)


def _impatient(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("pragma busy_timeout = 0")
    return connection

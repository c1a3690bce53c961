"""Moves the WAL into the database file beside the writer, so that hardly any commit waits for it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

import structlog

PAGES: Final = 4_000
"""Roughly how many pages (of 8 kB) are written between two checkpoints; larger is faster, and a longer recovery."""
READERS_MS: Final = 100
"""How long a commit may be held up by readers who still need the WAL; ours read for milliseconds."""

log = structlog.get_logger()


class Checkpointer(threading.Thread):
    def __init__(self, open_connection: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(name="checkpointer", daemon=True)
        self._open = open_connection
        self._due = threading.Event()
        self._stopped = False
        self._pages = 0
        self._is_copied = False

    def wrote(self, pages: int) -> None:
        """Called by the writer after each commit."""
        self._pages += pages
        if self._pages >= PAGES:
            self._pages = 0
            self._due.set()

    def restart(self) -> None:
        """Called by the committer after a commit. Nearly all of the WAL is copied by now; under load new frames keep
        arriving, and only while nobody writes can the rest be copied and the WAL start again at its beginning.
        """
        if not self._is_copied:
            return
        self._is_copied = False
        try:
            with closing(self._open()) as connection:
                connection.execute(f"pragma busy_timeout = {READERS_MS}")
                connection.execute("pragma wal_checkpoint(restart)").fetchall()
        except sqlite3.Error as error:
            log.warning("checkpoint.failed", error=str(error))

    def stop(self) -> None:
        self._stopped = True
        self._due.set()
        self.join()

    def run(self) -> None:
        while not self._stopped:
            self._due.wait()
            self._due.clear()
            try:
                self._copy()
            except sqlite3.Error as error:
                # The WAL only grows meanwhile; the writer reports what stops commits.
                log.warning("checkpoint.failed", error=str(error))

    def _copy(self) -> None:
        with closing(self._open()) as connection:
            connection.execute("pragma wal_checkpoint(passive)").fetchall()  # takes no lock that a commit wants
        self._is_copied = True

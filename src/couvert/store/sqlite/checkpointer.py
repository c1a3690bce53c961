"""Moves the WAL into the database file beside the writer, so that no commit waits for it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Final

import structlog

PAGES: Final = 4_000
"""Roughly how many pages (of 8 kB) are written between two checkpoints; larger is faster, and a longer recovery."""

log = structlog.get_logger()


class Checkpointer(threading.Thread):
    def __init__(self, open_connection: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(name="checkpointer", daemon=True)
        self._open = open_connection
        self._due = threading.Event()
        self._stopped = False
        self._pages = 0

    def wrote(self, pages: int) -> None:
        """Called by the writer after each commit."""
        self._pages += pages
        if self._pages >= PAGES:
            self._pages = 0
            self._due.set()

    def stop(self) -> None:
        self._stopped = True
        self._due.set()
        self.join()

    def run(self) -> None:
        while not self._stopped:
            self._due.wait()
            self._due.clear()
            try:
                self._checkpoint()
            except sqlite3.Error as error:
                # The WAL only grows meanwhile; the writer reports what stops commits.
                log.warning("checkpoint.failed", error=str(error))

    def _checkpoint(self) -> None:
        connection = self._open()
        try:
            # Passive copies nearly all of it without a lock. Under load new frames keep arriving, and only a
            # checkpoint that holds the writer for a moment lets the WAL start again at its beginning.
            connection.execute("pragma wal_checkpoint(passive)").fetchall()
            connection.execute("pragma wal_checkpoint(restart)").fetchall()
        finally:
            connection.close()

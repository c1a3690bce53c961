"""The read models' file, as its one writer has it open: a batch and its checkpoint are one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from couvert.readmodels import mark_table, model_schema
from couvert.readmodels.connections import transaction
from couvert.readmodels.log import Mark
from couvert.readmodels.mark_table import MarkedMail
from couvert.readmodels.model_schema import Unusable
from couvert.readmodels.projections import PROJECTIONS
from couvert.store.log import LoggedEvent

PAGE_SIZE: Final = 8192
WAL_PAGES: Final = 4_000
"""Every 32 MB the WAL goes back into the file."""


class ModelFile:
    """Raises `Unusable` if it is worth nothing any more, and sqlite3.Error for what may pass."""

    def __init__(self, path: Path) -> None:
        """Open the file; create it if it is missing."""
        self.name = path.name
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=5, cached_statements=512)
        try:
            with self._unusable_if_damaged():
                self._prepare()
                self.checkpoint = model_schema.checkpoint(self._connection)
            self._identity = _identity(path)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def advance(self, events: Sequence[LoggedEvent], to: Mark, marked: Sequence[MarkedMail]) -> None:
        """Fold the events, index what they accepted and move the checkpoint, together or not at all."""
        with self._unusable_if_damaged(), transaction(self._connection):
            for projection in PROJECTIONS:
                projection.project(self._connection, events)
            mark_table.insert(self._connection, marked)
            model_schema.move_checkpoint(self._connection, to)
        self.checkpoint = to

    def is_gone(self) -> bool:
        """Whether it was deleted or replaced under its name: what is written to it reaches nobody."""
        return self._identity is None or _identity(self._path) != self._identity

    def settle(self) -> None:
        """Bring all of it from the WAL into the file, synced."""
        self._connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute(f"pragma page_size = {PAGE_SIZE}")
        execute("pragma journal_mode = wal").fetchall()
        # No commit syncs: what a power cut takes is read from the log again. But `off` could leave a file that opens
        # and lies; to sync as the WAL goes back into the file costs nothing measurable (1.33 us a row either way).
        execute("pragma synchronous = normal")
        execute(f"pragma wal_autocheckpoint = {WAL_PAGES}").fetchall()
        execute("pragma cache_size = -32000")
        if not execute("select 1 from sqlite_schema").fetchall():
            model_schema.create(self._connection)
        model_schema.check(self._connection)

    @contextmanager
    def _unusable_if_damaged(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if model_schema.is_damage(error):
                raise Unusable(str(error)) from error
            raise


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino

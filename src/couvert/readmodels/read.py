"""The files that questions are asked of, open for whoever may wait for the disk: a thread, the command line."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, Self

from couvert.domain.refusals import Unavailable
from couvert.readmodels import mail_tables, model_schema, pointer
from couvert.readmodels.connections import open_read_only
from couvert.readmodels.folds import Counts, FollowedMail
from couvert.readmodels.model_schema import Unusable
from couvert.store.log import Position
from couvert.store.sqlite.store import FILE

TRIES: Final = 3
"""A file that is gone again is one that a rebuild replaced a moment ago."""


class ReadModels:
    """Read-only, for one thread at a time, beside whatever writes. Raises `Unavailable` where there are none yet."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            self._database = open_read_only(directory / FILE)
        except sqlite3.OperationalError as error:
            raise Unavailable(f"There is no {FILE} in {directory} that can be read ({error}).") from error
        self._models: sqlite3.Connection | None = None
        self._name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()
        self._leave()

    def position(self) -> Position:
        """How far they follow the log."""
        return model_schema.checkpoint(self.models()).position

    def mail(self, mail_id: int) -> FollowedMail | None:
        """A mail with its counts and status; None if there is none, or not yet."""
        return mail_tables.mails_by_id(self.models(), [mail_id]).get(mail_id)

    def totals(self) -> Counts:
        """How many deliveries are in each state."""
        return mail_tables.totals(self.models())

    @property
    def database(self) -> sqlite3.Connection:
        """Log, state and vault."""
        return self._database

    def models(self) -> sqlite3.Connection:
        """The file that the database names now, 5 us after the first time."""
        for _ in range(TRIES):
            name = pointer.current(self._database)
            if self._models is not None and name == self._name:
                return self._models
            self._leave()
            self._models, self._name = open_or_none(self._directory / name), name
        raise Unavailable("There are no read models yet: start `couvert serve`, or run `couvert rebuild`.")

    def _leave(self) -> None:
        if self._models is not None:
            self._models.close()
            self._models = None


def open_or_none(path: Path) -> sqlite3.Connection | None:
    """Read models, read-only; None if the file is gone, damaged or made by another version."""
    try:
        connection = open_read_only(path)
    except sqlite3.OperationalError:
        return None
    try:
        model_schema.check(connection)
    except (Unusable, sqlite3.Error):
        connection.close()
        return None
    return connection

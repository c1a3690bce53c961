"""What is published: the specification at its revision, and the last entry of the changelog."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from couvert.domain.refusals import Conflict
from couvert.store.port import Change


class ChangelogEnd:
    """As the changes that passed so far leave it."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        self._day = ""
        self._revision = 0
        if any(change.changelog for change in changes):
            [(self._day,)] = connection.execute("select coalesce(max(day), '') from changelog")
        if any(change.specification for change in changes):
            [(self._revision,)] = connection.execute("select coalesce(max(revision), 0) from specification")

    def judge(self, change: Change) -> Conflict | None:
        if change.specification and change.specification.revision != self._revision + 1:
            return Conflict("the specification was published by somebody else")
        entry = change.changelog
        if entry is None or (entry.after == self._day and entry.day > entry.after):
            return None
        return Conflict(f"the changelog ends with {self._day or 'nothing'}: {entry.day} cannot come after it")

    def passed(self, change: Change) -> None:
        if change.specification:
            self._revision = change.specification.revision
        if change.changelog:
            self._day = change.changelog.day

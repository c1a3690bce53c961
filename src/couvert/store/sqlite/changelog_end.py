"""The last entry of the changelog, which the next one must name and be later than."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from couvert.domain.refusals import Conflict
from couvert.store.port import Change


class ChangelogEnd:
    """As the changes that passed so far leave it."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        self._day = ""
        if any(change.changelog for change in changes):
            [(self._day,)] = connection.execute("select coalesce(max(day), '') from changelog")

    def judge(self, change: Change) -> Conflict | None:
        entry = change.changelog
        if entry is None or (entry.after == self._day and entry.day > entry.after):
            return None
        return Conflict(f"the changelog ends with {self._day or 'nothing'}: {entry.day} cannot come after it")

    def passed(self, change: Change) -> None:
        if change.changelog:
            self._day = change.changelog.day

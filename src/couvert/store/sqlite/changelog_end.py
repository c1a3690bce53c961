"""The published specification and the last entry of the changelog, which the next ones must follow."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from couvert.domain.refusals import Conflict
from couvert.store.changes import Change

_END: Final = "select coalesce((select revision from specification), 0), coalesce((select max(day) from changelog), '')"


class ChangelogEnd:
    """As the changes that passed so far leave it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        [(self._revision, self._day)] = connection.execute(_END)

    def judge(self, change: Change) -> Conflict | None:
        published, entry = change.specification, change.changelog
        if published is not None and published.revision != self._revision + 1:
            return Conflict("another specification was published meanwhile")
        if entry is not None and (entry.after != self._day or entry.day <= entry.after):
            return Conflict(f"the changelog ends with {self._day or 'nothing'}: {entry.day} cannot come after it")
        return None

    def passed(self, change: Change) -> None:
        if change.specification:
            self._revision = change.specification.revision
        if change.changelog:
            self._day = change.changelog.day


def of_group(connection: sqlite3.Connection, changes: Sequence[Change]) -> list[ChangelogEnd]:
    """Of groups that say anything about it: one a day."""
    is_meant = any(change.specification or change.changelog for change in changes)
    return [ChangelogEnd(connection)] if is_meant else []

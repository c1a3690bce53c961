"""What a group of changes expects to find in the file, and whether each of them does."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from couvert.domain.refusals import Conflict, QuotaExceeded, Refusal
from couvert.domain.restrictions import DailyUse, judge_use
from couvert.store.changes import Change, Transition
from couvert.store.sqlite import changelog_end, notices, revisions
from couvert.store.sqlite.changelog_end import ChangelogEnd
from couvert.store.sqlite.notices import Unread
from couvert.store.sqlite.revisions import Revisions
from couvert.store.sqlite.statements import select_in
from couvert.store.sqlite.suppressions import Suppressions

_DELIVERY = "select id, revision, wake_at, owner from delivery where id"
_SETUP_CODE = "select hash from setup_code where hash"
_USED = "select recipients from key_usage where key = ? and day = ?"


class Expectations:
    """The revisions that the changes expect, read once; they move on as changes of the same group pass."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[Transition]) -> None:
        wide = [change for change in changes if isinstance(change, Change)]
        deliveries = {stored.delivery.id for change in changes for stored in change.deliveries}
        codes = {code for change in wide for code in change.used_setup_codes}
        self._deliveries: dict[int, tuple[int, int | None, int]] = {
            id_: (revision, wake_at, owner)
            for id_, revision, wake_at, owner in select_in(connection, _DELIVERY, deliveries)
        }
        self._codes: set[bytes] = {code for (code,) in select_in(connection, _SETUP_CODE, codes)}
        self._kinds: list[Revisions | ChangelogEnd | Unread] = [
            *revisions.of_group(connection, wide),
            *changelog_end.of_group(connection, wide),
            *notices.of_group(connection, wide),
        ]
        self._suppressions = Suppressions(connection, changes)
        self._connection = connection
        self.used: dict[tuple[int, int], int] = {}
        """Key and day -> recipients, of those that the changes add to."""

    def judge(self, change: Transition, now: int) -> Refusal | None:
        """Why the change cannot be applied, or None; if None, it counts as applied from here on."""
        wide = change if isinstance(change, Change) else None
        if conflict := self._judge_deliveries(change, now) or (wide and self._judge_rows(wide)):
            return conflict
        if refusal := self._suppressions.judge(change, now):
            return refusal
        if wide and wide.daily_use is not None and (exceeded := self._use(wide.daily_use, now)):
            return exceeded
        for stored in change.deliveries:
            self._deliveries[stored.delivery.id] = (stored.revision, stored.wake_at, stored.owner)
        if wide:
            self._passed(wide)
        return None

    def _judge_deliveries(self, change: Transition, now: int) -> Conflict | None:
        for stored in change.deliveries:
            revision, wake_at, owner = self._deliveries.get(stored.delivery.id, (0, None, 0))
            if revision != stored.revision - 1:
                return Conflict(f"delivery {stored.delivery.id} was changed by somebody else")
            if change.holds_lease and (not owner or wake_at is None or wake_at <= now):
                return Conflict(f"the lease on delivery {stored.delivery.id} has run out")
        return None

    def _judge_rows(self, change: Change) -> Conflict | None:
        for kind in self._kinds:
            if conflict := kind.judge(change):
                return conflict
        if not self._codes.issuperset(change.used_setup_codes):
            return Conflict("the set-up link was used by somebody else")
        return None

    def _passed(self, change: Change) -> None:
        for kind in self._kinds:
            kind.passed(change)
        self._suppressions.passed(change)
        self._codes.difference_update(change.used_setup_codes)

    def _use(self, use: DailyUse, now: int) -> QuotaExceeded | None:
        """The last to be judged: if nothing speaks against it, it counts."""
        day = use.key, use.day
        used = self.used.get(day)
        if used is None:
            found = self._connection.execute(_USED, day).fetchone()
            used = found[0] if found else 0
        exceeded = judge_use(use, used, now)
        if exceeded is None:
            self.used[day] = used + use.recipients
        return exceeded

"""What a group of changes expects to find in the file, and whether each of them does."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from couvert.domain.refusals import Conflict, QuotaExceeded, Refusal
from couvert.domain.restrictions import DailyUse, judge_use
from couvert.store.port import Change
from couvert.store.sqlite.statements import select_in

_DELIVERY = "select id, revision, wake_at, owner from delivery where id"
_KEY = "select id, revision from api_key where id"
_USED = "select recipients from key_usage where key = ? and day = ?"


class Expectations:
    """The revisions that the changes expect, read once; they move on as changes of the same group pass."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        deliveries = {stored.delivery.id for change in changes for stored in change.deliveries}
        keys = {stored.key.id for change in changes for stored in change.keys}
        keys.update(key_id for change in changes for key_id in change.expected_keys)
        self._deliveries: dict[int, tuple[int, int | None, int]] = {
            id_: (revision, wake_at, owner)
            for id_, revision, wake_at, owner in select_in(connection, _DELIVERY, deliveries)
        }
        self._keys: dict[int, int] = dict(select_in(connection, _KEY, keys))
        self._connection = connection
        self.used: dict[tuple[int, int], int] = {}
        """Key and day -> recipients, of those that the changes add to."""

    def judge(self, change: Change, now: int) -> Refusal | None:
        """Why the change cannot be applied, or None; if None, it counts as applied from here on."""
        for stored in change.deliveries:
            revision, wake_at, owner = self._deliveries.get(stored.delivery.id, (0, None, 0))
            if revision != stored.revision - 1:
                return Conflict(f"delivery {stored.delivery.id} was changed by somebody else")
            if change.holds_lease and (not owner or wake_at is None or wake_at <= now):
                return Conflict(f"the lease on delivery {stored.delivery.id} has run out")
        for key in change.keys:
            if self._keys.get(key.key.id, 0) != key.revision - 1:
                return Conflict("the API key was changed by somebody else")
        for key_id, revision in change.expected_keys.items():
            if self._keys.get(key_id, 0) != revision:
                return Conflict("the API key was changed by somebody else")
        if change.daily_use is not None and (exceeded := self._use(change.daily_use, now)):
            return exceeded
        for stored in change.deliveries:
            self._deliveries[stored.delivery.id] = (stored.revision, stored.wake_at, stored.owner)
        for key in change.keys:
            self._keys[key.key.id] = key.revision
        return None

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

"""Rows that change from one revision to the next: a group's changes are judged by the revisions that are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from couvert.domain.refusals import Conflict
from couvert.store.accounts import StoredToken, StoredUser
from couvert.store.changes import Change
from couvert.store.rows import StoredKey, StoredSuppression, StoredWebhook
from couvert.store.sqlite.statements import select_in

_Rows = Sequence[StoredKey | StoredUser | StoredToken | StoredSuppression | StoredWebhook]


class Kind(NamedTuple):
    """What a change says about one table."""

    name: str
    revisions: str
    """Reads ids and revisions; ends before the `in`. What it leaves out can neither change nor be relied on."""
    rows: Callable[[Change], _Rows]
    """At their next revision; 1 is a new row."""
    expected: Callable[[Change], Mapping[int, int]]
    """Id -> the revision that must be the stored one."""

    def is_meant(self, change: Change) -> bool:
        return bool(self.rows(change) or self.expected(change))


def _nothing_expected(_: Change) -> Mapping[int, int]:
    return {}


KINDS: Final = (
    Kind(
        "API key",
        "select id, revision from api_key where id",
        attrgetter("keys"),
        attrgetter("expected_keys"),
    ),
    Kind(
        "user",
        "select id, revision from user where is_active and id",
        attrgetter("users"),
        attrgetter("expected_users"),
    ),
    Kind(
        "API token",
        "select id, revision from token where not is_revoked and id",
        attrgetter("tokens"),
        attrgetter("expected_tokens"),
    ),
    Kind(
        "suppression",
        "select id, revision from suppression where is_active and id",
        attrgetter("suppressions"),
        _nothing_expected,
    ),
    Kind(
        "webhook",
        "select id, revision from webhook where id",
        attrgetter("webhooks"),
        _nothing_expected,
    ),
)


class Revisions:
    """Of one kind, as the changes that passed so far leave them."""

    def __init__(self, connection: sqlite3.Connection, kind: Kind, changes: Sequence[Change]) -> None:
        self._kind = kind
        wanted = {row[0].id for change in changes for row in kind.rows(change)}
        wanted.update(id_ for change in changes for id_ in kind.expected(change))
        self._stored: dict[int, int] = dict(select_in(connection, kind.revisions, wanted))

    def judge(self, change: Change) -> Conflict | None:
        stored = self._stored
        for row in self._kind.rows(change):
            if stored.get(row[0].id, 0) != row.revision - 1:
                return self._changed()
        for id_, revision in self._kind.expected(change).items():
            if stored.get(id_, 0) != revision:
                return self._changed()
        return None

    def passed(self, change: Change) -> None:
        for row in self._kind.rows(change):
            self._stored[row[0].id] = row.revision

    def _changed(self) -> Conflict:
        return Conflict(f"the {self._kind.name} was changed by somebody else")


def of_group(connection: sqlite3.Connection, changes: Sequence[Change]) -> list[Revisions]:
    """Of the kinds that the changes say anything about: mostly one, and of a thousand mails the keys alone."""
    meant = [kind for kind in KINDS if any(map(kind.is_meant, changes))]
    return [Revisions(connection, kind, changes) for kind in meant]

"""Rows that change from one revision to the next: a group's changes are judged by the revisions that are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from couvert.domain.refusals import Conflict
from couvert.store.port import Change
from couvert.store.sqlite.statements import select_in


class Claims(NamedTuple):
    """What one change says about one table, by id."""

    written: Mapping[int, int]
    """The next revision; 1 is a new row."""
    expected: Mapping[int, int]
    """The revision that must be the stored one."""


class Kind(NamedTuple):
    name: str
    revisions: str
    """Reads ids and revisions; ends before the `in`. What it leaves out can neither change nor be relied on."""
    claims: Callable[[Change], Claims]


KINDS: Final = (
    Kind(
        "API key",
        "select id, revision from api_key where id",
        lambda change: Claims({key.key.id: key.revision for key in change.keys}, change.expected_keys),
    ),
    Kind(
        "user",
        "select id, revision from user where is_active and id",
        lambda change: Claims({user.user.id: user.revision for user in change.users}, change.expected_users),
    ),
    Kind(
        "API token",
        "select id, revision from token where not is_revoked and id",
        lambda change: Claims({token.token.id: token.revision for token in change.tokens}, change.expected_tokens),
    ),
    Kind(
        "specification",
        "select only, revision from specification where only",
        lambda change: Claims({1: change.specification.revision} if change.specification else {}, {}),
    ),
)


class Revisions:
    """Of one kind, as the changes that passed so far leave them."""

    def __init__(self, connection: sqlite3.Connection, kind: Kind, changes: Sequence[Change]) -> None:
        self._kind = kind
        wanted = {id_ for change in changes for claimed in kind.claims(change) for id_ in claimed}
        self._stored: dict[int, int] = dict(select_in(connection, kind.revisions, wanted))

    def judge(self, change: Change) -> Conflict | None:
        written, expected = self._kind.claims(change)
        is_kept = all(self._stored.get(id_, 0) == revision - 1 for id_, revision in written.items()) and all(
            self._stored.get(id_, 0) == revision for id_, revision in expected.items()
        )
        return None if is_kept else Conflict(f"the {self._kind.name} was changed by somebody else")

    def passed(self, change: Change) -> None:
        self._stored.update(self._kind.claims(change).written)

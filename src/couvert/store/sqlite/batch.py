"""Many changes in one transaction: first each is judged against the stored revisions, then those that passed are
written together, one statement per table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from couvert.domain.refusals import Conflict
from couvert.store import codec
from couvert.store.port import Change, Position
from couvert.store.sqlite import rows, statements
from couvert.store.sqlite.rows import TENANT, Row
from couvert.store.sqlite.schema import PAGE_SIZE
from couvert.store.sqlite.statements import insert, select_in

Verdict = Position | Conflict
PAGES_PER_COMMIT: Final = 8  # the last leaf of each table and index that a mail touches
ROWS_PER_PAGE: Final = 30
RECENT_BODIES: Final = 256
_recent: Final[dict[bytes, bytes]] = {}
"""Deflated bodies that fit a page, by SHA-256: 2 MB at most."""


class Batch:
    """One group of changes on its way into the file."""

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        self._connection = connection
        self._now = now
        self._rows: dict[statements.Table, list[Row]] = {table: [] for table in ORDER}
        self._bodies: dict[bytes, str] = {}
        self._afterwards: list[Callable[[], object]] = []
        self._large = 0
        self.appended = 0
        self.last_position = 0

    def apply(self, changes: Sequence[Change]) -> list[Verdict]:
        """Write what passes; return, for each change in order, its last position or why it conflicts."""
        stored = _Stored(self._connection, changes)
        position = first = _last_position(self._connection)
        verdicts: list[Verdict] = []
        for change in changes:
            conflict = stored.judge(change, self._now)
            if conflict is None:
                position = self._collect(change, position)
            verdicts.append(conflict or position)
        self._rows[statements.BODY] = [(sha256, TENANT, self._deflated(sha256)) for sha256 in self._bodies]
        for table, collected in self._rows.items():
            insert(self._connection, table, collected)
        for step in self._afterwards:
            step()
        self.appended = position - first
        self.last_position = position
        return verdicts

    @property
    def pages(self) -> int:
        """Roughly how many pages were written."""
        return PAGES_PER_COMMIT + sum(map(len, self._rows.values())) // ROWS_PER_PAGE + self._large // PAGE_SIZE

    def _collect(self, change: Change, position: Position) -> Position:
        add = self._rows
        for stream, part, event, note in change.records:
            position += 1
            code, payload = codec.encode(event)
            add[statements.EVENT].append((position, TENANT, stream, part, code, change.at, payload))
            if note is not None:
                add[statements.NOTE].append((position, TENANT, note))
        if change.content is not None:
            add[statements.CONTENT].append(rows.content_row(change.content))
        self._bodies.update(change.bodies)
        add[statements.RECIPIENT].extend(map(rows.recipient_row, change.new_recipients))
        add[statements.DELIVERY].extend(map(rows.delivery_row, change.new_deliveries))
        add[statements.DELIVERY_AGAIN].extend(map(rows.delivery_row, change.deliveries))
        for key in change.keys:
            add[statements.KEY].append(rows.key_row(key))
            add[statements.KEY_ORIGIN].extend(rows.origin_rows(key))
        if change.sandbox_mail is not None:
            add[statements.SANDBOX_MAIL].append(rows.sandbox_row(change.sandbox_mail))
            self._large += len(change.sandbox_mail.content)
        self._collect_idempotency(change, position)
        return position

    def _collect_idempotency(self, change: Change, position: Position) -> None:
        claim = change.idempotency
        if claim is not None:
            row = (claim.scope, TENANT, claim.request, claim.mail_id, position, claim.created_at, claim.answer)
            self._rows[statements.IDEMPOTENCY].append(row)
        for scope, answer in change.answers.items():
            self._large += len(answer or b"")
            self._afterwards.append(lambda scope=scope, answer=answer: self._answer(scope, answer))  # type: ignore[misc]

    def _answer(self, scope: bytes, answer: bytes | None) -> None:
        if answer is None:
            self._connection.execute("delete from idempotency where scope = ?", (scope,))
        else:
            self._connection.execute("update idempotency set answer = ? where scope = ?", (answer, scope))

    def _deflated(self, sha256: bytes) -> bytes:
        """The same template comes again with the next mail, and again."""
        deflated = _recent.get(sha256)
        if deflated is None:
            deflated = rows.deflate(self._bodies[sha256])
            self._large += len(deflated)
            if len(_recent) >= RECENT_BODIES:
                _recent.clear()
            if len(deflated) <= PAGE_SIZE:
                _recent[sha256] = deflated
        return deflated


ORDER: Final = [
    statements.EVENT, statements.NOTE, statements.CONTENT, statements.BODY, statements.RECIPIENT, statements.DELIVERY,
    statements.DELIVERY_AGAIN, statements.KEY, statements.KEY_ORIGIN, statements.IDEMPOTENCY, statements.SANDBOX_MAIL,
]  # fmt: skip


class _Stored:
    """The revisions that the changes expect to find, read once; they move on as changes of the same batch pass."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        deliveries = {stored.delivery.id for change in changes for stored in change.deliveries}
        keys = {stored.key.id for change in changes for stored in change.keys}
        keys.update(key_id for change in changes for key_id in change.expected_keys)
        self._deliveries: dict[int, tuple[int, int | None, int]] = {
            id_: seen
            for id_, *seen in select_in(
                connection, "select id, revision, wake_at, owner from delivery where id", deliveries
            )
        }
        self._keys: dict[int, int] = dict(select_in(connection, "select id, revision from api_key where id", keys))

    def judge(self, change: Change, now: int) -> Conflict | None:
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
        self._deliveries.update({s.delivery.id: (s.revision, s.wake_at, s.owner) for s in change.deliveries})
        self._keys.update({key.key.id: key.revision for key in change.keys})
        return None


def _last_position(connection: sqlite3.Connection) -> Position:
    """Read anew in every transaction: the command line appends to the same log."""
    (position,) = connection.execute("select coalesce(max(position), 0) from event").fetchone()
    return int(position)

"""Many changes in one transaction: first each is judged against the stored revisions, then those that passed are
written together, one statement per table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from couvert.domain.refusals import Refusal
from couvert.store import codec
from couvert.store.changes import Change, Transition
from couvert.store.log import Position
from couvert.store.sqlite import accounts, messages, notices, queue, rows, statements as tables, suppressions
from couvert.store.sqlite.expectations import Expectations
from couvert.store.sqlite.rows import TENANT, Row
from couvert.store.sqlite.schema import PAGE_SIZE
from couvert.store.sqlite.statements import Table, insert
from couvert.store.sqlite.webhook_rows import webhook_row

Verdict = Position | Refusal
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
        self._rows = 0
        self._large = 0
        self.appended = 0
        self.last_position = 0

    def apply(self, changes: Sequence[Transition]) -> list[Verdict]:
        """Write what passes; return, for each change in order, its last position or why it is refused."""
        expectations = Expectations(self._connection, changes)
        first = position = _last_position(self._connection)
        passed: list[tuple[Transition, Position]] = []
        verdicts: list[Verdict] = []
        for change in changes:
            refusal = expectations.judge(change, self._now)
            if refusal is None:
                position += len(change.records)
                passed.append((change, position))
            verdicts.append(refusal or position)
        # On most commits of a courier nothing is new but deliveries.
        wide = [(change, position) for change, position in passed if isinstance(change, Change)]
        self._write_log(passed, first)
        if wide:
            self._write_vault([change for change, _ in wide])
            self._write_new_deliveries([change for change, _ in wide])
        self._write_deliveries([change for change, _ in passed])
        if wide:
            self._write_state(wide)
        self._insert(tables.KEY_USAGE, [(*day, recipients) for day, recipients in expectations.used.items()])
        self.appended, self.last_position = position - first, position
        return verdicts

    @property
    def pages(self) -> int:
        """Roughly how many pages were written."""
        return PAGES_PER_COMMIT + self._rows // ROWS_PER_PAGE + self._large // PAGE_SIZE

    def _write_log(self, passed: Sequence[tuple[Transition, Position]], position: Position) -> None:
        events: list[Row] = []
        notes: list[Row] = []
        for change, _ in passed:
            for stream, part, event, note in change.records:
                position += 1
                code, payload = codec.encode(event)
                events.append((position, TENANT, stream, part, code, change.at, payload))
                if note is not None:
                    notes.append((position, TENANT, note))
        self._insert(tables.EVENT, events)
        self._insert(tables.NOTE, notes)

    def _write_vault(self, passed: Sequence[Change]) -> None:
        bodies = {sha256: body for change in passed for sha256, body in change.bodies.items()}
        mails = [change.sandbox_mail for change in passed if change.sandbox_mail is not None]
        self._large += sum(len(mail.content) for mail in mails)
        contents = [content for change in passed for content in change.contents]
        self._insert(tables.CONTENT, [rows.content_row(content) for content in contents])
        self._insert(
            tables.ATTACHMENT,
            [row for content in contents if content.attachments for row in rows.attachment_rows(content)],
        )
        self._insert(tables.BODY, [(sha256, TENANT, self._deflated(bodies, sha256)) for sha256 in bodies])
        self._insert(tables.RECIPIENT, [rows.recipient_row(new) for change in passed for new in change.new_recipients])
        self._insert(tables.SANDBOX_MAIL, [rows.sandbox_row(mail) for mail in mails])
        notices.write(self._connection, passed)
        messages.write(self._connection, passed)

    def _write_new_deliveries(self, passed: Sequence[Change]) -> None:
        self._insert(tables.DELIVERY, [rows.delivery_row(new) for change in passed for new in change.new_deliveries])
        queue.join(self._connection, [change.new_deliveries for change in passed])

    def _write_deliveries(self, passed: Sequence[Transition]) -> None:
        self._insert(tables.DELIVERY_AGAIN, [rows.delivery_row(row) for change in passed for row in change.deliveries])
        # What is begun is looked at later than it was before, never sooner.
        queue.join(self._connection, [change.deliveries for change in passed if not change.begins])

    def _write_state(self, passed: Sequence[tuple[Change, Position]]) -> None:
        keys = list({key.key.id: key for change, _ in passed for key in change.keys}.values())
        self._insert(tables.KEY, [rows.key_row(key) for key in keys])
        for key in keys:
            if key.revision > 1:  # it may have lost some; what it has is written anew below
                self._connection.execute("delete from api_key_origin where key = ?", (key.key.id,))
        self._insert(tables.KEY_ORIGIN, [row for key in keys for row in rows.origin_rows(key)])
        accounts.write(self._connection, [change for change, _ in passed])
        self._rows += suppressions.write(self._connection, [change for change, _ in passed])
        self._insert(tables.WEBHOOK, [webhook_row(webhook) for change, _ in passed for webhook in change.webhooks])
        self._insert(tables.IDEMPOTENCY, [
            rows.idempotency_row(change.idempotency, position) for change, position in passed if change.idempotency
        ])  # fmt: skip
        self._insert(
            tables.SPECIFICATION,
            [rows.specification_row(change.specification) for change, _ in passed if change.specification],
        )
        self._insert(
            tables.CHANGELOG, [rows.changelog_row(change.changelog) for change, _ in passed if change.changelog]
        )
        for change, _ in passed:
            for scope, answer in change.answers.items():
                self._answer(scope, answer)
            for claimed in change.expired.items():
                self._connection.execute("delete from idempotency where scope = ? and created_at = ?", claimed)

    def _insert(self, table: Table, collected: Sequence[Row]) -> None:
        self._rows += len(collected)
        insert(self._connection, table, collected)

    def _answer(self, scope: bytes, answer: bytes | None) -> None:
        if answer is None:
            self._connection.execute("delete from idempotency where scope = ?", (scope,))
        else:
            self._large += len(answer)
            self._connection.execute("update idempotency set answer = ? where scope = ?", (answer, scope))

    def _deflated(self, bodies: Mapping[bytes, str | bytes], sha256: bytes) -> bytes:
        """The same template comes again with the next mail, and again."""
        deflated = _recent.get(sha256)
        if deflated is None:
            body = bodies[sha256]
            deflated = body if isinstance(body, rows.Deflated) else rows.deflate(body)
            self._large += len(deflated)
            if len(_recent) >= RECENT_BODIES:
                _recent.clear()
            if len(deflated) <= PAGE_SIZE:
                _recent[sha256] = deflated
        return deflated


def _last_position(connection: sqlite3.Connection) -> Position:
    """Read anew in every transaction: the command line appends to the same log."""
    (position,) = connection.execute("select coalesce(max(position), 0) from event").fetchone()
    return int(position)

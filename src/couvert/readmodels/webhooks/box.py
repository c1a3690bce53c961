"""The messages that webhooks are to be told, when each is due, and how every attempt went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Self

from couvert.domain.webhook_calls import GIVE_UP_AFTER_MS
from couvert.readmodels.connections import transaction
from couvert.readmodels.fetch import listed
from couvert.readmodels.log import Mark
from couvert.readmodels.webhooks.messages import Attempt, Backlog, ListedAttempt, Message, MessageState
from couvert.readmodels.webhooks.tables import open_box
from couvert.store.log import Position

TENANT: Final = 1
PRUNED: Final = 10_000
"""Rows a transaction: the others may write in between."""
_MESSAGE: Final = "webhook, position, created_at, state, attempts, tries, due_at, give_up_at"

_LEAVES: Final = """
update message set attempts = ?, tries = ?, due_at = case when due_at is not null then ? end,
state = case when due_at is null and ? <> 1 then state else ? end where webhook = ? and position = ?
"""
_OVERDUE: Final = "due_at is not null and give_up_at < ?"
_OLDEST: Final = """
webhook = ? and position in
(select position from message where webhook = ? and due_at is not null order by created_at, position limit ?)
"""
_WAITING: Final = "select webhook, count(*) from message where due_at is not null group by webhook"


class Box:
    """Any number of processes may have it open. Raises sqlite3.Error."""

    def __init__(self, directory: Path) -> None:
        self._connection = open_box(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    # --- Following the log --------------------------------------------------------------------------------------------

    def mark(self) -> Mark | None:
        """Up to which event all messages are here; None before the first."""
        found = self._rows("select position, stream, at from checkpoint")
        return Mark(*found[0]) if found else None

    def advance(self, messages: Iterable[Message], mark: Mark) -> None:
        """Both or neither. A message that is here already stays as it is."""
        with transaction(self._connection):
            self._insert(messages)
            self._set_mark(mark)

    def begin_anew(self, mark: Mark) -> None:
        """All that is here is of another log."""
        with transaction(self._connection):
            self._connection.execute("delete from message")
            self._connection.execute("delete from attempt")
            self._set_mark(mark)

    # --- Telling ------------------------------------------------------------------------------------------------------

    def due(self, webhook: int, now: int, limit: int) -> list[Message]:
        sql = f"select {_MESSAGE} from message where webhook = ? and due_at <= ? order by due_at limit ?"
        return [_message(row) for row in self._rows(sql, webhook, now, limit)]

    def record(self, message: Message, attempt: Attempt) -> None:
        """The attempt, and what became of its message, unless that was given up meanwhile and still nobody has it."""
        with transaction(self._connection):
            self._connection.execute(
                "insert into attempt values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (TENANT, message.webhook, message.position, *attempt),
            )
            self._connection.execute(
                _LEAVES,
                (
                    message.attempts,
                    message.tries,
                    message.due_at,
                    message.state,
                    message.state,
                    message.webhook,
                    message.position,
                ),
            )

    def settle(self, *, active: Collection[int], existing: Collection[int]) -> None:
        """What waits for a webhook that is switched off has failed; of one that was deleted nothing stays."""
        missing = "webhook not in (select value from json_each(?))"
        [(is_needed,)] = self._rows(
            f"select exists (select 1 from message where due_at is not null and {missing}) "
            f"or exists (select 1 from message where {missing}) or exists (select 1 from attempt where {missing})",
            *(listed(active), listed(existing), listed(existing)),
        )
        if is_needed:
            with transaction(self._connection):
                self._connection.execute(f"delete from message where {missing}", (listed(existing),))
                self._connection.execute(f"delete from attempt where {missing}", (listed(existing),))
                self._connection.execute(
                    f"update message set state = ?, due_at = null where due_at is not null and {missing}",
                    (MessageState.FAILED, listed(active)),
                )

    def drop(self, *, most: int, overdue_at: int) -> dict[int, int]:
        """Give up what no receiver took and was to be given up before that time, and of a webhook for which more than
        `most` wait the oldest, so that a tenth of that is free again; how many of which webhook.
        """
        with transaction(self._connection):
            dropped = self._dropped(_OVERDUE, overdue_at)
            for webhook, waiting in self._rows(_WAITING):
                if waiting > most:
                    dropped += self._dropped(_OLDEST, webhook, webhook, waiting - most + most // 10)
        return dict(dropped)

    def prune(self, before: int) -> None:
        """What ended and was queued before this time, and attempts of before."""
        while self._prune("message", "webhook, position", "due_at is null and created_at < ?", before):
            pass
        while self._prune("attempt", "id", "at < ?", before):
            pass

    # --- Asked for ----------------------------------------------------------------------------------------------------

    def attempts(self, webhook: int, *, before: int | None, skip: int, limit: int) -> list[ListedAttempt]:
        """The newest first, from below an attempt's id on."""
        sql = (
            "select a.id, a.position, a.number, a.at, a.milliseconds, a.status, a.error, a.excerpt, m.state, m.due_at "
            "from attempt a join message m on m.webhook = a.webhook and m.position = a.position "
            "where a.webhook = ? and a.id < ? order by a.id desc limit ? offset ?"
        )
        return [
            ListedAttempt(id_, position, Attempt(*attempt), MessageState(state), due_at)
            for id_, position, *attempt, state, due_at in self._rows(sql, webhook, before or 1 << 62, limit, skip)
        ]

    def replay(self, webhook: int, position: Position, now: int) -> bool:
        """Due again, however it ended; False if there is no such message."""
        return self._replay("position = ?", webhook, position, now) > 0

    def replay_failed(self, webhook: int, since: int, now: int) -> int:
        """All that failed or were dropped, and were queued since then; how many."""
        return sum(self._replay(f"state = {state} and created_at >= ?", webhook, since, now) for state in (2, 3))

    def add(self, message: Message) -> None:
        with transaction(self._connection):
            self._insert([message])

    def backlog(self, webhook: int | None = None) -> Backlog:
        """Of one webhook, or of all."""
        of_one = "" if webhook is None else f" and webhook = {webhook:d}"
        waiting, oldest = self._rows(f"select count(*), min(created_at) from message where due_at is not null{of_one}")[
            0
        ]
        [(dropped,)] = self._rows(f"select count(*) from message where state = 3{of_one}")
        return Backlog(waiting, oldest, dropped)

    # --- Details ------------------------------------------------------------------------------------------------------

    def _insert(self, messages: Iterable[Message]) -> None:
        self._connection.executemany(
            f"insert into message ({_MESSAGE}, tenant) values (?, ?, ?, ?, ?, ?, ?, ?, {TENANT}) "
            "on conflict do nothing",
            messages,
        )

    def _set_mark(self, mark: Mark) -> None:
        self._connection.execute("insert or replace into checkpoint values (1, ?, ?, ?)", mark)

    def _dropped(self, condition: str, *values: int) -> Counter[int]:
        sql = f"update message set state = 3, due_at = null where {condition} returning webhook"
        return Counter(webhook for (webhook,) in self._rows(sql, *values))

    def _prune(self, table: str, key: str, condition: str, before: int) -> bool:
        with transaction(self._connection):
            sql = f"delete from {table} where ({key}) in (select {key} from {table} where {condition} limit {PRUNED})"
            return self._connection.execute(sql, (before,)).rowcount == PRUNED

    def _replay(self, condition: str, webhook: int, value: int, now: int) -> int:
        sql = f"update message set state = 0, tries = 0, due_at = ?, give_up_at = ? where webhook = ? and {condition}"
        with transaction(self._connection):
            return self._connection.execute(sql, (now, now + GIVE_UP_AFTER_MS, webhook, value)).rowcount

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()


def _message(row: Sequence[int]) -> Message:
    webhook, position, created_at, state, *others = row
    return Message(webhook, position, created_at, MessageState(state), *others)

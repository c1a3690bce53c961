"""One moment of log, state and vault, each table read in the order of its ids; nothing is kept in memory.

While it is open the WAL grows with whatever is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from couvert.readmodels.log import START, Mark
from couvert.store.log import Position
from couvert.store.sqlite.rows import Row

_EVENTS: Final = """
select stream, part, position, at, type, payload from event indexed by event_stream order by stream, part, position
"""
DELIVERY_COLUMNS: Final = (
    "id", "tenant", "mail_id", "state", "attempt", "is_begun", "deferrals", "is_resent", "due_at", "expires_at",
    "give_up_at", "priority", "poster", "revision", "wake_at", "owner",
)  # fmt: skip
_DELIVERIES: Final = """
select id, tenant, mail_id, state, attempt, is_begun, deferrals, is_resent, due_at, expires_at, give_up_at, priority,
    poster, revision, wake_at, owner
from delivery order by id
"""
USER_COLUMNS: Final = (
    "id", "tenant", "user_id", "role", "is_active", "registered_at", "rate_limit", "rate_period_seconds",
)  # fmt: skip
TOKEN_COLUMNS: Final = (
    "id", "tenant", "token_id", "user", "roles", "created_at", "expires_at", "is_revoked",
)  # fmt: skip
_USERS: Final = """
select id, tenant, user_id, role, is_active, registered_at, rate_limit, rate_period_seconds,
    email, first_name, last_name, password_hash
from user order by id
"""
_TOKENS: Final = """
select id, tenant, token_id, user, roles, created_at, expires_at, is_revoked from token order by id
"""
KEY_COLUMNS: Final = (
    "id", "tenant", "key_id", "hash", "name", "is_active", "created_at", "expires_at", "origins", "restrictions",
    "senders", "revision",
)  # fmt: skip
_KEYS: Final = """
select id, tenant, key_id, hash, name, is_active, created_at, expires_at, origins, restrictions,
    senders, revision
from api_key order by id
"""
WEBHOOK_COLUMNS: Final = (
    "id", "tenant", "webhook_id", "created_at", "is_deleted", "off_reason", "is_active", "includes_recipient", "types",
)  # fmt: skip
_WEBHOOKS: Final = "select * from webhook order by id"
_EVENTS_OF: Final = """
select stream, part, position, at, type, payload from event where stream = ? order by position
"""
_CONTENTS: Final = """
select mail_id, html is null and text is null,
    coalesce(html not in (select sha256 from body), 0) or coalesce(text not in (select sha256 from body), 0),
    attachments > 0 and attachments <> (
        select count(*) from attachment a join body b on b.sha256 = a.sha256 where a.mail_id = content.mail_id
    )
from content order by mail_id
"""


SUPPRESSION_COLUMNS: Final = (
    "id", "tenant", "mark", "address", "reason", "delivery", "user", "created_at", "expires_at", "is_active",
    "revision",
)  # fmt: skip
_RESULTS_OF_NOTHING: Final = """
select id from result_due due where not exists (select 1 from delivery where id = due.delivery_id)
and not exists (select 1 from malformed_message where message_id = due.message_id)
"""
_SUPPRESSIONS: Final = """
select id, tenant, mark, address, reason, delivery, user, created_at, expires_at, is_active, revision
from suppression order by id
"""


class RawEvent(NamedTuple):
    stream: int
    part: int
    position: Position
    at: int
    code: int
    payload: str


class Content(NamedTuple):
    """What is wrong with a mail's, if anything."""

    says_nothing: bool
    lacks_a_body: bool
    lacks_an_attachment: bool


class Snapshot:
    """Within a transaction of this connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def position(self) -> Position:
        """Of the last event, 0 if there is none."""
        [(position,)] = self._rows("select coalesce(max(position), 0) from event")
        return int(position)

    def holds(self, mark: Mark) -> bool:
        """Whether this event is in the log; the start of the log always is."""
        return mark == START or mark in map(
            Mark._make, self._rows("select position, stream, at from event where position = ?", mark.position)
        )

    def events(self) -> Iterator[RawEvent]:
        """By stream, then part, then position."""
        return map(RawEvent._make, self._rows(_EVENTS))

    def deliveries(self) -> Iterator[tuple[int, Row]]:
        """As they are stored, in the order of `DELIVERY_COLUMNS`: what they hold may be nonsense."""
        return ((row[0], row) for row in self._rows(_DELIVERIES))

    def queue(self) -> Iterable[tuple[int, int, int]]:
        """Priority and poster, and when to look for what wants a worker."""
        return self._rows("select priority, poster, wake_at from queue")

    def recipients(self) -> Iterable[tuple[int, str]]:
        """Deliveries and addresses."""
        return self._rows("select delivery_id, email from recipient order by delivery_id")

    def suppressions(self) -> list[Row]:
        """In the order of `SUPPRESSION_COLUMNS`."""
        return list(self._rows(_SUPPRESSIONS))

    def soft_bounces(self) -> Iterable[tuple[bytes, int]]:
        """Marks of addresses, and how many they have in a row."""
        return self._rows("select mark, in_a_row from soft_bounce")

    def users(self) -> Iterator[tuple[int, Row]]:
        """In the order of `USER_COLUMNS`, then whatever is personal."""
        return ((row[0], row) for row in self._rows(_USERS))

    def tokens(self) -> Iterator[tuple[int, Row]]:
        return ((row[0], row) for row in self._rows(_TOKENS))

    def webhooks(self) -> Iterator[tuple[int, Row]]:
        """In the order of `WEBHOOK_COLUMNS`, then what no event tells."""
        return ((row[0], row) for row in self._rows(_WEBHOOKS))

    def api_keys(self) -> list[Row]:
        """In the order of `KEY_COLUMNS`. They are few."""
        return list(self._rows(_KEYS))

    def events_of(self, stream: int) -> Iterator[RawEvent]:
        return map(RawEvent._make, self._rows(_EVENTS_OF, stream))

    def key_origins(self, key: int) -> Iterator[str]:
        return (name for (name,) in self._rows("select name from api_key_origin where key = ?", key))

    def key_usage(self) -> Iterator[tuple[tuple[int, int], int]]:
        """Key and day, and how many recipients."""
        sql = "select key, day, recipients from key_usage"
        return (((key, day), recipients) for key, day, recipients in self._rows(sql))

    def notices(self) -> Iterable[tuple[int, int | None, int | None, str]]:
        """When each is to be looked at, when it was read, and what came of it."""
        return self._rows("select id, look_at, read_at, result from notice order by id")

    def results_mark(self) -> Position:
        """Up to where results are told, 0 if they never were."""
        [(position,)] = self._rows("select coalesce(max(position), 0) from results_mark")
        return int(position)

    def results_of_nothing(self) -> Iterable[int]:
        return (id_ for (id_,) in self._rows(_RESULTS_OF_NOTHING))

    def contents(self) -> Iterator[tuple[int, Content]]:
        return ((mail_id, Content(*map(bool, faults))) for mail_id, *faults in self._rows(_CONTENTS))

    def _rows(self, sql: str, *values: int) -> Iterable[Any]:
        return self._connection.execute(sql, values)

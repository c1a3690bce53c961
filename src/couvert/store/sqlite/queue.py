"""The work queue on SQLite: a line for each poster and priority, of which those that have something due take turns.

Table `queue` says whose lines there are, and when each has to be looked at; never later than its first delivery wants
a worker, sooner at times: what was leased is done before its lease runs out. A look sets that right. So neither the
millions that wait in one line nor the lines in which nothing is due cost anything.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from couvert.domain.fairness import interleaved, shared_out
from couvert.domain.mail import BULK, TRANSACTIONAL
from couvert.store.rows import QUEUE, StoredDelivery, TakenDelivery
from couvert.store.sqlite import rows, statements
from couvert.store.sqlite.rows import TENANT, Row

if TYPE_CHECKING:
    from couvert.store.sqlite.writer import Writer

_EXPIRED: Final = f"""
select {rows.DELIVERY} from delivery
where expires_at <= ? and due_at is not null and wake_at <= ? order by expires_at limit ?
"""
_LOOK: Final = "select min(wake_at) from queue"
_LINES: Final = "select poster from queue where priority = ? and wake_at <= ? order by served_at, poster limit ?"
_LEASE: Final = f"""
update delivery set revision = revision + 1, wake_at = ?, owner = ? where id in (
    select id from delivery where priority = ? and poster = ? and wake_at <= ? order by wake_at limit ?
) returning {rows.DELIVERY}
"""
_FIRST: Final = "select min(wake_at) from delivery where priority = ? and poster = ? and wake_at is not null"
_LEFT: Final = "update queue set wake_at = ?, served_at = ? where priority = ? and poster = ?"
_EMPTY: Final = "delete from queue where priority = ? and poster = ?"
_LATER: Final = "update delivery set wake_at = max(wake_at, ?) where owner = ? and wake_at is not null and id in ({})"
_BACK: Final = """
update delivery set wake_at = coalesce(?, due_at), owner = 0, revision = revision + 1
where owner = ? and due_at is not null and id in ({}) returning priority, poster, wake_at
"""
_TAKE_OVER: Final = f"""
update delivery set revision = revision + 1, wake_at = ?, owner = ?
where owner = {QUEUE} and due_at is not null and id in ({{}}) returning {rows.DELIVERY}
"""
_JOIN: Final = """
insert into queue values (?, ?, ?, ?, 0) on conflict (priority, poster) do update set wake_at = excluded.wake_at
where excluded.wake_at < wake_at
"""
A_FEW: Final = 8
"""Lines whose first delivery is looked for, before it is for all of them."""


class SqliteQueue(ABC):
    """The part of `SqliteStore` that is the queue."""

    _writer: Writer

    @abstractmethod
    def _read(self, sql: str, *values: Any) -> list[Row]: ...

    async def take(self, *, owner: int, now: int, until: int, limit: int, bulk_beside: int = 0) -> list[TakenDelivery]:
        def work(connection: sqlite3.Connection) -> list[TakenDelivery]:
            lessee = _Lessee(connection, owner, now, until)
            taken = lessee.take(TRANSACTIONAL, limit)
            taken += lessee.take(BULK, limit - len(taken) + bulk_beside)
            return _with_recipients(connection, taken)

        return cast(list[TakenDelivery], await self._writer.submit(work))

    async def take_over(self, *, owner: int, deliveries: Sequence[int], until: int) -> list[TakenDelivery]:
        def work(connection: sqlite3.Connection) -> list[TakenDelivery]:
            found = [rows.delivery_of(row) for row in _each(connection, deliveries, _TAKE_OVER, (until, owner))]
            join(connection, [found])
            return _with_recipients(connection, found)

        return cast(list[TakenDelivery], await self._writer.submit(work)) if deliveries else []

    async def renew(self, *, owner: int, deliveries: Sequence[int], until: int) -> None:
        if deliveries:
            await self._writer.submit(lambda connection: _each(connection, deliveries, _LATER, (until, owner)))

    async def release(self, *, owner: int, deliveries: Sequence[int], wake_at: int | None = None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _join(connection, _each(connection, deliveries, _BACK, (wake_at, owner)))

        if deliveries:
            await self._writer.submit(work)

    async def next_look(self) -> int | None:
        return cast(int | None, self._read(_LOOK)[0][0])

    async def next_wake(self) -> int | None:
        for most in (A_FEW, -1):
            lines = self._read("select priority, poster, wake_at from queue order by wake_at limit ?", most)
            first: int | None = None
            for priority, poster, look_at in lines:
                if first is not None and first <= look_at:
                    return first
                [(wake_at,)] = self._read(_FIRST, priority, poster)
                first = min((each for each in (first, wake_at) if each is not None), default=None)
            if len(lines) != most:
                return first
        return None

    async def expired(self, *, now: int, limit: int) -> list[StoredDelivery]:
        return [rows.delivery_of(row) for row in self._read(_EXPIRED, now, now, limit)]


def join(connection: sqlite3.Connection, written: Iterable[Iterable[StoredDelivery]]) -> None:
    """In the transaction that writes these rows: nobody waits without a line."""
    _join(connection, {
        (row.delivery.priority, row.delivery.poster, row.wake_at)
        for some in written for row in some if row.wake_at is not None
    })  # fmt: skip


def _join(connection: sqlite3.Connection, waking: Iterable[tuple[int, int, int]]) -> None:
    """Given priority, poster and time; of each line, the first time counts."""
    first: dict[tuple[int, int], int] = {}
    for priority, poster, wake_at in waking:
        first[priority, poster] = min(wake_at, first.get((priority, poster), wake_at))
    for (priority, poster), wake_at in first.items():
        connection.execute(_JOIN, (priority, poster, TENANT, wake_at))


def _each(
    connection: sqlite3.Connection, deliveries: Sequence[int], sql: str, values: tuple[int | None, ...]
) -> list[Row]:
    found: list[Row] = []
    for start in range(0, len(deliveries), 500):
        ids = deliveries[start : start + 500]
        found += connection.execute(sql.format(", ".join("?" * len(ids))), (*values, *ids)).fetchall()
    return found


class _Lessee:
    """Who takes, within one transaction."""

    def __init__(self, connection: sqlite3.Connection, owner: int, now: int, until: int) -> None:
        self._connection = connection
        self._owner = owner
        self._now = now
        self._until = until

    def take(self, priority: int, most: int) -> list[StoredDelivery]:
        """Of one priority: the same number from each line, as far as they go, one from each in turn."""
        if most <= 0:
            return []
        lines = [poster for (poster,) in self._connection.execute(_LINES, (priority, self._now, most)).fetchall()]
        taken = shared_out(lines, most, lambda poster, number: self._lease(priority, poster, number))
        for poster in lines:
            self._leave(priority, poster)
        return interleaved(taken)

    def _lease(self, priority: int, poster: int, number: int) -> list[StoredDelivery]:
        found = self._connection.execute(
            _LEASE, (self._until, self._owner, priority, poster, self._now, number)
        ).fetchall()
        # RETURNING keeps no order; ids are in time order, and a row keeps its place after a deferral by due time.
        return sorted(map(rows.delivery_of, found), key=lambda stored: stored.delivery.due_at or 0)

    def _leave(self, priority: int, poster: int) -> None:
        """Back to the end of those who take turns, or out of the queue."""
        [(wake_at,)] = self._connection.execute(_FIRST, (priority, poster)).fetchall()
        if wake_at is None:
            self._connection.execute(_EMPTY, (priority, poster))
        else:
            self._connection.execute(_LEFT, (wake_at, self._now, priority, poster))


def _with_recipients(connection: sqlite3.Connection, taken: Sequence[StoredDelivery]) -> list[TakenDelivery]:
    ids = [stored.delivery.id for stored in taken]
    recipients = {
        row[0]: rows.recipient_of(row)
        for row in statements.select_in(connection, "select * from recipient where delivery_id", ids)
    }
    return [TakenDelivery(stored, recipients.get(stored.delivery.id)) for stored in taken]

"""Pace on SQLite: a row per account, read and written in the transaction of whoever reserves."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from couvert.domain import pace as rules
from couvert.domain.pace import AccountLimits, Pace, Slots
from couvert.store.pace import StoredPace
from couvert.store.sqlite.rows import TENANT, Row

if TYPE_CHECKING:
    from couvert.store.sqlite.writer import Writer

T = TypeVar("T")

_SCHEDULE: Final = "select per_second, left_over, next_at, share, slowed_at, reserved_at from pace where account = ?"
_MOVE: Final = """
update pace set per_second = ?, left_over = ?, next_at = ?, share = ?, slowed_at = ?, reserved_at = ? where account = ?
"""
_USE: Final = """
insert into pace_use values (?, ?, ?, ?) on conflict (account, hour) do update set slots = slots + excluded.slots
"""
_USED: Final = "select coalesce(sum(slots), 0) from pace_use where account = ? and hour >= ?"
_LEARN: Final = """
insert into pace values (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, null) on conflict (account) do update set
per_second = excluded.per_second, left_over = excluded.left_over, learned_at = excluded.learned_at,
trouble = excluded.trouble
"""


class SqlitePace(ABC):
    """The part of `SqliteStore` that keeps the pace."""

    _writer: Writer

    @abstractmethod
    def _one(self, make: Callable[[Row], T], sql: str, *values: Any) -> T | None: ...

    async def reserve_slots(self, account: str, most: int, now: int) -> Slots | None:
        def work(connection: sqlite3.Connection) -> Slots | None:
            pace = _schedule(connection, account)
            if pace is None:
                return None
            moved, slots = rules.reserve(pace, most, now)
            connection.execute(_MOVE, (*moved, account))
            if moved.left is not None and slots.number:
                connection.execute(_USE, (account, now // rules.HOUR, TENANT, slots.number))
            return slots

        return cast(Slots | None, await self._writer.submit(work))

    async def slow_pace(self, account: str, now: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            pace = _schedule(connection, account)
            if pace is not None:
                connection.execute(_MOVE, (*rules.slow_down(pace, now), account))

        await self._writer.submit(work)

    async def learn_pace(self, account: str, limits: AccountLimits, now: int, trouble: str | None = None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            hour = now // rules.HOUR
            connection.execute("delete from pace_use where account = ? and hour < ?", (account, hour - 2 * rules.HOURS))
            # The hour that began before the last 24 counts as a whole: in no 24 hours are there more.
            [(counted,)] = connection.execute(_USED, (account, hour - rules.HOURS)).fetchall()
            pace = rules.learn(_schedule(connection, account), limits, now, counted)
            connection.execute(_LEARN, (account, *pace, now // 1_000, trouble))

        await self._writer.submit(work)

    async def hold_pace(self, account: str, reason: str | None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("update pace set held = ? where account = ?", (reason, account))

        await self._writer.submit(work)

    async def pace(self, account: str) -> StoredPace | None:
        sql = _SCHEDULE.replace(" from", ", learned_at, trouble, held from")
        return self._one(lambda row: StoredPace(Pace(*row[:6]), *row[6:]), sql, account)


def _schedule(connection: sqlite3.Connection, account: str) -> Pace | None:
    found = connection.execute(_SCHEDULE, (account,)).fetchone()
    return None if found is None else Pace(*found)

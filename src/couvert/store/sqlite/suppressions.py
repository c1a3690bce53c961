"""Suppressions and soft bounces on SQLite: what a group of changes meets, what it leaves, and how they are found."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from couvert.domain.delivery_events import Reason
from couvert.domain.refusals import Conflict, Refusal
from couvert.domain.suppression import RecipientSuppressed, Suppression, mark_of
from couvert.store.changes import Change, Transition
from couvert.store.port import SuppressionFilter
from couvert.store.rows import StoredSuppression
from couvert.store.sqlite.rows import TENANT, Row
from couvert.store.sqlite.statements import Table, insert, replacing, select_in

T = TypeVar("T")

SUPPRESSION: Final = Table("suppression", 11, replacing(
    "id", "mark", "address", "reason", "delivery", "expires_at", "is_active", "revision",
))  # fmt: skip
SOFT_BOUNCE: Final = Table("soft_bounce", 3, replacing("mark", "in_a_row"))
_MET: Final = "select mark, id, reason, expires_at from suppression where mark"
_ADDRESSES: Final = "select delivery_id, email from recipient where delivery_id"
_COUNTS: Final = "select mark, in_a_row from soft_bounce where mark"

_Met = tuple[int, Reason, int | None]
"""Id, reason and end of a suppression."""


class Suppressions:
    """Who is suppressed, of those whom a group of changes is about: one query for all that it begins."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[Transition]) -> None:
        begun = [stored.delivery.id for change in changes if change.begins for stored in change.deliveries]
        self._marks = {id_: mark_of(email) for id_, email in select_in(connection, _ADDRESSES, begun)}
        wide = [change for change in changes if isinstance(change, Change)]
        for change in wide:
            if change.begins:
                self._marks.update((new.delivery_id, mark_of(new.recipient.email)) for new in change.new_recipients)
        met = {*self._marks.values(), *(mark for change in wide for mark in _marks_of(change.suppressions))}
        self._met: dict[bytes, _Met] = {mark: tuple(rest) for mark, *rest in select_in(connection, _MET, met)}
        counted = {each.mark for change in wide for each in change.soft_bounces}
        self._counts: dict[bytes, int] = dict(select_in(connection, _COUNTS, counted))

    def judge(self, change: Transition, now: int) -> Refusal | None:
        if change.begins and (refusal := self._judge_begun(change, now)):
            return refusal
        return self._judge_own(change) if isinstance(change, Change) else None

    def passed(self, change: Change) -> None:
        """The next of the group meet what this one leaves."""
        if change.suppressions:
            mine = {row.suppression.id for row in change.suppressions}
            self._met = {mark: met for mark, met in self._met.items() if met[0] not in mine}
            for suppression, _ in change.suppressions:
                if suppression.is_active:
                    met = (suppression.id, suppression.reason, suppression.expires_at)
                    self._met[mark_of(suppression.address)] = met
        self._counts.update((each.mark, each.now) for each in change.soft_bounces)

    def _judge_begun(self, change: Transition, now: int) -> RecipientSuppressed | None:
        if not self._met:
            return None
        ids = [row.delivery.id for row in change.deliveries]
        if isinstance(change, Change):
            ids += [new.delivery_id for new in change.new_recipients]
        for id_ in ids:
            # Erased from the vault, there is nobody to send to.
            met = self._met.get(self._marks.get(id_, b""))
            if met is not None and (met[2] is None or met[2] > now):
                return RecipientSuppressed(met[0], met[1])
        return None

    def _judge_own(self, change: Change) -> Conflict | None:
        ended = {row.suppression.id for row in change.suppressions if not row.suppression.is_active}
        for row in change.suppressions:
            holder = self._met.get(mark_of(row.suppression.address)) if row.suppression.is_active else None
            if holder is not None and holder[0] != row.suppression.id and holder[0] not in ended:
                return Conflict("the address was suppressed by somebody else")
        if any(self._counts.get(each.mark, 0) != each.before for each in change.soft_bounces):
            return Conflict("the address was heard of meanwhile")
        return None


def write(connection: sqlite3.Connection, passed: Sequence[Change]) -> int:
    """What the changes leave; how many rows that were. Each row's last state counts, ended ones first: an address may
    pass from one suppression to the next within one change.
    """
    rows = {row.suppression.id: row for change in passed for row in change.suppressions}
    ended_first = sorted(rows.values(), key=lambda row: row.suppression.is_active)
    insert(connection, SUPPRESSION, [suppression_row(row) for row in ended_first])
    counts = {each.mark: each.now for change in passed for each in change.soft_bounces}
    insert(connection, SOFT_BOUNCE, [(mark, TENANT, now) for mark, now in counts.items() if now])
    for mark in (mark for mark, now in counts.items() if not now):
        connection.execute("delete from soft_bounce where mark = ?", (mark,))
    return len(rows) + len(counts)


class SqliteSuppressions(ABC):
    """The part of `SqliteStore` that is about suppressions."""

    @abstractmethod
    def _read(self, sql: str, *values: Any) -> list[Row]: ...

    @abstractmethod
    def _one(self, make: Callable[[Row], T], sql: str, *values: Any) -> T | None: ...

    async def suppression(self, id_: int) -> StoredSuppression | None:
        return self._one(suppression_of, "select * from suppression where id = ?", id_)

    async def active_suppressions(self, marks: Collection[bytes]) -> Mapping[bytes, StoredSuppression]:
        wanted, found = list(marks), list[Row]()
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            found += self._read(f"select * from suppression where mark in ({', '.join('?' * len(part))})", *part)
        return {row[2]: suppression_of(row) for row in found}

    async def suppressions(self, wanted: SuppressionFilter, *, limit: int, skip: int = 0) -> list[StoredSuppression]:
        where, values = _where(wanted)
        sql = f"select * from suppression where {where} order by id desc limit ? offset ?"
        return [suppression_of(row) for row in self._read(sql, *values, limit, skip)]

    async def count_suppressions(self, wanted: SuppressionFilter, most: int) -> int:
        where, values = _where(wanted)
        sql = f"select count(*) from (select 1 from suppression where {where} limit ?)"
        return int(self._read(sql, *values, most)[0][0])

    async def lapsed_suppressions(self, now: int, most: int) -> list[StoredSuppression]:
        sql = "select * from suppression where is_active and expires_at <= ? order by expires_at limit ?"
        return [suppression_of(row) for row in self._read(sql, now, most)]

    async def soft_bounces(self, mark: bytes) -> int:
        return self._one(lambda row: int(row[0]), "select in_a_row from soft_bounce where mark = ?", mark) or 0

    async def has_soft_bounces(self) -> bool:
        return bool(self._read("select 1 from soft_bounce limit 1"))


def suppression_row(stored: StoredSuppression) -> Row:
    suppression = stored.suppression
    mark = mark_of(suppression.address) if suppression.is_active else None
    id_, *rest = suppression
    return (id_, TENANT, mark, *rest, stored.revision)


def suppression_of(row: Row) -> StoredSuppression:
    id_, _, _, address, reason, delivery, user, created_at, expires_at, is_active, revision = row
    suppression = Suppression(
        id_, address, cast(Reason, reason), delivery, user, created_at, expires_at, bool(is_active)
    )  # fmt: skip
    return StoredSuppression(suppression, revision)


def _marks_of(rows: Sequence[StoredSuppression]) -> Iterable[bytes]:
    return (mark_of(row.suppression.address) for row in rows if row.suppression.is_active)


def _where(wanted: SuppressionFilter) -> tuple[str, list[Any]]:
    conditions, values = ["is_active", "(expires_at is null or expires_at > ?)"], list[Any]([wanted.now])
    for condition, value in (
        ("reason = ?", wanted.reason), ("mark = ?", wanted.mark), ("id < ?", wanted.before),
    ):  # fmt: skip
        if value is not None:
            conditions.append(condition)
            values.append(value)
    return " and ".join(conditions), values

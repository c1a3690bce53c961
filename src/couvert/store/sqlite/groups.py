"""Applying a group of work in one transaction: all of it at once, or, if something in it is faulty, one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from couvert.domain.refusals import Conflict
from couvert.store.changes import Transition
from couvert.store.log import Position
from couvert.store.sqlite.batch import Batch

T = TypeVar("T")
Transaction = Callable[[sqlite3.Connection], T]
"""Anything else than a change that writes, within the same group commit."""
Work = Transition | Transaction[Any]

_TAKEN: Final = frozenset({
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID, sqlite3.SQLITE_CONSTRAINT_UNIQUE,
})  # fmt: skip


class Applied(NamedTuple):
    results: list[Any]
    """Each item's result, or the exception that it alone raised."""
    pages: int
    """Roughly how many pages were written."""
    position: Position | None
    """The last, if events were appended."""


def together(connection: sqlite3.Connection, work: Sequence[Work], now: int) -> Applied:
    """All changes as one batch, then the other transactions one after the other."""
    batch = Batch(connection, now)
    changes = [item for item in work if isinstance(item, Transition)]
    verdicts = iter(batch.apply(changes) if changes else ())
    results = [next(verdicts) if isinstance(item, Transition) else item(connection) for item in work]
    others = len(work) - len(changes)
    return Applied(results, batch.pages + others, batch.last_position if batch.appended else None)


def one_by_one(connection: sqlite3.Connection, work: Sequence[Work], now: int) -> Applied:
    """Each item within a savepoint, so that a faulty one takes nobody with it."""
    results: list[Any] = []
    pages, last = 0, None
    for item in work:
        connection.execute("savepoint item")
        try:
            (result,), written, position = together(connection, [item], now)
        except Exception as fault:
            if not is_items_own(fault):
                raise
            connection.execute("rollback to item")
            result, written, position = _verdict(fault), 0, None
        connection.execute("release item")
        results.append(result)
        pages += written
        last = position or last
    return Applied(results, pages, last)


def is_items_own(fault: Exception) -> bool:
    """Whether only the item is at fault that raised it; anything else is the database's, and fails the group."""
    of_the_item = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.NotSupportedError)
    return isinstance(fault, of_the_item) or not isinstance(fault, sqlite3.DatabaseError)


def _verdict(fault: Exception) -> Exception:
    """Somebody else's id or key is a conflict; a value that no row may have is the item's own mistake."""
    return Conflict(f"it exists already ({fault})") if is_conflict(fault) else fault


def is_conflict(fault: Exception) -> bool:
    """Whether it says that an id or a key is there already: a message that came twice, say."""
    return isinstance(fault, sqlite3.IntegrityError) and fault.sqlite_errorcode in _TAKEN

"""The thread that waits for the disk: it commits what was applied, and does a whole group where that may take long."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final, NamedTuple

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.log import Position
from couvert.store.sqlite import groups
from couvert.store.sqlite.checkpointer import Checkpointer
from couvert.store.sqlite.groups import Applied, Work
from couvert.store.sqlite.write_connection import WriteConnection, begin

NOTHING_KEPT: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
"""A commit that ends so has not written its last frame, without which the others count for nothing."""

log = structlog.get_logger()


class Done(NamedTuple):
    results: Sequence[Any]
    """Each item's result, or the exception that it ended with."""
    position: Position | None
    """The last, if events were appended."""


class Group(NamedTuple):
    work: Sequence[Work]
    applied: Applied | None
    """Already done in the open transaction; None if all of it is left to do."""
    answer: Callable[[Done], None]


class _CommitFailed(Exception):
    """The commit itself failed: what it held may be kept or not."""

    def __init__(self, cause: sqlite3.Error) -> None:
        super().__init__(str(cause))
        self.may_be_kept = getattr(cause, "sqlite_errorcode", None) not in NOTHING_KEPT


class Committer(threading.Thread):
    """One group at a time; while it has one, the connection is its own."""

    def __init__(self, database: WriteConnection, checkpointer: Checkpointer, now_ms: Callable[[], int]) -> None:
        super().__init__(name="committer", daemon=True)
        self._database = database
        self._checkpointer = checkpointer
        self._now_ms = now_ms
        self._groups: SimpleQueue[Group | None] = SimpleQueue()

    def commit(self, group: Group) -> None:
        self._groups.put(group)

    def stop(self) -> None:
        """After the last group was answered."""
        self._groups.put(None)
        self.join()

    def run(self) -> None:
        while (group := self._groups.get()) is not None:
            try:
                done = self._settle(group)
            except Exception as error:  # noqa: BLE001 - say, a log that cannot be written; nobody would ever be answered
                done = _all_unavailable(group.work, error, may_be_kept=True)
            try:
                group.answer(done)
            except RuntimeError:
                log.warning("committer.loop_closed", items=len(group.work))

    def _settle(self, group: Group) -> Done:
        try:
            applied = self._committed(group)
        except _CommitFailed as failure:
            return self._broke(group.work, failure, may_be_kept=failure.may_be_kept)
        except Exception as error:  # noqa: BLE001 - each item gets it as its answer
            return self._broke(group.work, error, may_be_kept=False)
        self._checkpointer.wrote(applied.pages)
        self._checkpointer.restart()
        return Done(applied.results, applied.position)

    def _committed(self, group: Group) -> Applied:
        connection = self._database.get()
        if group.applied is not None:
            _commit(connection)
            return group.applied
        try:
            return self._transact(connection, group.work, groups.together)
        except _CommitFailed:
            raise
        except Exception as fault:
            if not groups.is_items_own(fault):
                raise
            if not groups.is_conflict(fault):  # whoever came second is told so; that is an everyday thing
                log.info("committer.isolating", items=len(group.work), fault=str(fault))
            return self._transact(connection, group.work, groups.one_by_one)

    def _transact(
        self,
        connection: sqlite3.Connection,
        work: Sequence[Work],
        apply: Callable[[sqlite3.Connection, Sequence[Work], int], Applied],
    ) -> Applied:
        begin(connection)
        try:
            applied = apply(connection, work, self._now_ms())
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        _commit(connection)
        return applied

    def _broke(self, work: Sequence[Work], error: Exception, *, may_be_kept: bool) -> Done:
        """Every item of the group fails; the next one finds the file reopened, or fails too."""
        if self._database.give_up(is_suspect=may_be_kept):
            log.error("committer.broke", error=str(error), items=len(work), may_be_kept=may_be_kept)
        return _all_unavailable(work, error, may_be_kept=may_be_kept)


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("commit")
    except sqlite3.Error as error:
        raise _CommitFailed(error) from error


def _all_unavailable(work: Sequence[Work], error: Exception, *, may_be_kept: bool) -> Done:
    outcome = "it may have been kept all the same" if may_be_kept else "nothing was kept"
    message = f"The database cannot be written ({error}); {outcome}. Try again later."
    return Done([Unavailable(message, may_be_kept=may_be_kept) for _ in work], None)

"""The one thread that writes: it commits together whatever arrived while the last commit was being synced."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.port import Change, Position
from couvert.store.sqlite import groups
from couvert.store.sqlite.checkpointer import Checkpointer
from couvert.store.sqlite.groups import Applied, Work
from couvert.store.sqlite.write_connection import WriteConnection, begin

GROUP: Final = 500
"""Items a commit at most: more would only lengthen the wait of the first."""
GROUP_RECIPIENTS: Final = 10_000
"""A commit with so many new recipients takes 100 ms, and takes nothing more along."""
NOTHING_KEPT: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
"""A commit that ends so has not written its last frame, without which the others count for nothing."""

log = structlog.get_logger()


class _Item(NamedTuple):
    work: Work
    future: asyncio.Future[Any]


class _CommitFailed(Exception):
    """The commit itself failed: what it held may be kept or not."""

    def __init__(self, cause: sqlite3.Error) -> None:
        super().__init__(str(cause))
        self.may_be_kept = getattr(cause, "sqlite_errorcode", None) not in NOTHING_KEPT


class Writer(threading.Thread):
    def __init__(
        self,
        open_connection: Callable[[], sqlite3.Connection],
        checkpointer: Checkpointer,
        now_ms: Callable[[], int],
        on_commit: Callable[[Position], None],
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self._database = WriteConnection(open_connection)
        self._checkpointer = checkpointer
        self._now_ms = now_ms
        self._on_commit = on_commit
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._is_stopped = False

    def submit(self, work: Work) -> asyncio.Future[Any]:
        """Queue the work; the future has its position or result once synced, or its exception."""
        if self._is_stopped:
            raise Unavailable("The database is closed.")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put(_Item(work, future))
        return future

    def stop(self) -> None:
        """Take nothing more, finish what was queued, then end. To be called where `submit` is."""
        self._is_stopped = True
        self._queue.put(None)

    def run(self) -> None:
        is_last = False
        while not is_last and (first := self._queue.get()) is not None:
            items, is_last = self._gather(first)
            try:
                results, position = self._settle([item.work for item in items])
            except Exception as error:  # noqa: BLE001 - say, a log that cannot be written; nobody would ever be answered
                results, position = [_unavailable(error, may_be_kept=True) for _ in items], None
            _answer(items, results, self._on_commit, position)
        self._database.close()

    def _gather(self, first: _Item) -> tuple[list[_Item], bool]:
        items, recipients = [first], _recipients(first)
        while len(items) < GROUP and recipients < GROUP_RECIPIENTS:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is None:
                return items, True
            items.append(item)
            recipients += _recipients(item)
        return items, False

    def _settle(self, work: Sequence[Work]) -> tuple[list[Any], Position | None]:
        """The result or exception of each item, and the last position if events were appended."""
        try:
            connection = self._database.get()
            self._checkpointer.restart(connection)
            try:
                applied = self._transact(connection, work, groups.together)
            except _CommitFailed:
                raise
            except Exception as fault:
                if not groups.is_items_own(fault):
                    raise
                log.info("writer.isolating", items=len(work), fault=str(fault))
                applied = self._transact(connection, work, groups.one_by_one)
        except _CommitFailed as failure:
            return self._broke(work, failure, may_be_kept=failure.may_be_kept), None
        except Exception as error:  # noqa: BLE001 - each item gets it as its answer
            return self._broke(work, error, may_be_kept=False), None
        self._checkpointer.wrote(applied.pages)
        return applied.results, applied.position

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
        try:
            connection.execute("commit")
        except sqlite3.Error as error:
            raise _CommitFailed(error) from error
        return applied

    def _broke(self, work: Sequence[Work], error: Exception, *, may_be_kept: bool) -> list[Unavailable]:
        """Every item of the group fails; the next one finds the file reopened, or fails too."""
        if self._database.give_up(is_suspect=may_be_kept):
            log.error("writer.broke", error=str(error), items=len(work), may_be_kept=may_be_kept)
        return [_unavailable(error, may_be_kept=may_be_kept) for _ in work]


def _recipients(item: _Item) -> int:
    return len(item.work.new_recipients) if isinstance(item.work, Change) else 0


def _unavailable(error: Exception, *, may_be_kept: bool) -> Unavailable:
    outcome = "it may have been kept all the same" if may_be_kept else "nothing was kept"
    message = f"The database cannot be written ({error}); {outcome}. Try again later."
    return Unavailable(message, may_be_kept=may_be_kept)


# --- Back on the event loop -------------------------------------------------------------------------------------------


def _answer(
    items: Sequence[_Item], results: Sequence[Any], on_commit: Callable[[Position], None], position: Position | None
) -> None:
    """Wake the event loop once for the whole group; one store has one loop."""
    pairs = [(item.future, result) for item, result in zip(items, results, strict=True)]
    try:
        items[0].future.get_loop().call_soon_threadsafe(_resolve, pairs, on_commit, position)
    except RuntimeError:
        log.warning("writer.loop_closed", items=len(pairs))


def _resolve(
    pairs: Sequence[tuple[asyncio.Future[Any], Any]], on_commit: Callable[[Position], None], position: Position | None
) -> None:
    for future, result in pairs:
        if future.cancelled():
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
    if position is not None:
        on_commit(position)

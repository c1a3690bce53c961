"""The one thread that writes: it commits together whatever arrived while the last commit was being synced."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

import structlog

from couvert.domain.refusals import Conflict, Unavailable
from couvert.store.port import Change, Position
from couvert.store.sqlite.batch import Batch
from couvert.store.sqlite.checkpointer import Checkpointer

T = TypeVar("T")
Transaction = Callable[[sqlite3.Connection], T]
"""Anything else than a change that writes, within the same group commit."""

GROUP: Final = 500
"""Changes a commit at most: more would only lengthen the wait of the first."""
REOPEN_SECONDS: Final = 0.5
FAULTY: Final = (
    sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError,
    OverflowError, TypeError, ValueError, LookupError,
)  # fmt: skip
"""The fault of one item; any other error is the database's, and fails the group."""

log = structlog.get_logger()


class _Item(NamedTuple):
    work: Change | Transaction[Any]
    future: asyncio.Future[Any]


class _CommitFailed(Exception):
    """The commit itself failed: what it held may be kept or not."""


class Writer(threading.Thread):
    def __init__(
        self,
        open_connection: Callable[[], sqlite3.Connection],
        checkpointer: Checkpointer,
        now_ms: Callable[[], int],
        on_commit: Callable[[Position], None],
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self._open = open_connection
        self._checkpointer = checkpointer
        self._now_ms = now_ms
        self._on_commit = on_commit
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._connection: sqlite3.Connection | None = open_connection()
        self._reopen_at = 0.0
        self._is_suspect = False
        """A sync failed: what the page cache holds may not be what the disk holds."""

    def submit(self, work: Change | Transaction[T]) -> asyncio.Future[Any]:
        """Queue the work; the future has its position or result once synced, or its exception."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put(_Item(work, future))
        return future

    def stop(self) -> None:
        """Finish what was queued, then end."""
        self._queue.put(None)
        self.join()

    def run(self) -> None:
        while (first := self._queue.get()) is not None:
            items, is_last = self._gather(first)
            results, position = self._settle(items)
            _answer(items, results, self._on_commit, position)
            if is_last:
                break
        if self._connection is not None:
            self._connection.close()

    def _gather(self, first: _Item) -> tuple[list[_Item], bool]:
        items = [first]
        while len(items) < GROUP:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is None:
                return items, True
            items.append(item)
        return items, False

    def _settle(self, items: Sequence[_Item]) -> tuple[list[Any], Position | None]:
        """The result or exception of each item, and the last position if events were appended."""
        work = [item.work for item in items]
        try:
            connection = self._connected()
            try:
                return self._transact(connection, work, _together)
            except FAULTY as error:
                log.info("writer.isolating", items=len(work), error=str(error))
            return self._transact(connection, work, _one_by_one)
        except _CommitFailed as failure:
            return self._broke(work, str(failure.__cause__), may_be_kept=True)
        except Exception as error:  # noqa: BLE001 - the thread must live, whatever SQLite says
            return self._broke(work, str(error), may_be_kept=False)

    def _transact(
        self, connection: sqlite3.Connection, work: Sequence[Any], apply: _Apply
    ) -> tuple[list[Any], Position | None]:
        connection.execute("begin immediate")
        try:
            results, rows, position = apply(connection, work, self._now_ms())
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        try:
            connection.execute("commit")
        except sqlite3.Error as error:
            raise _CommitFailed from error
        self._checkpointer.wrote(rows)
        return results, position

    # --- When the disk fails ------------------------------------------------------------------------------------------

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        if time.monotonic() < self._reopen_at:
            raise sqlite3.OperationalError("the database is being reopened")
        self._reopen_at = time.monotonic() + REOPEN_SECONDS
        connection = self._open()
        try:
            if self._is_suspect:
                # Copies the WAL into the database file and syncs that: from here on the disk holds what we read.
                connection.execute("pragma wal_checkpoint(truncate)").fetchall()
            connection.execute("begin immediate")
            connection.execute("update read_models set file = file")
            connection.execute("commit")
        except BaseException:
            connection.close()
            raise
        self._connection, self._is_suspect = connection, False
        log.warning("writer.reopened")
        return connection

    def _broke(self, work: Sequence[Any], error: str, *, may_be_kept: bool) -> tuple[list[Any], None]:
        """Every item of the group fails; the next one finds the file reopened, or fails too."""
        if self._connection is not None:
            log.error("writer.broke", error=error, items=len(work), may_be_kept=may_be_kept)
            self._connection.close()
            self._connection = None
        self._is_suspect = self._is_suspect or may_be_kept
        outcome = "it may have been kept all the same" if may_be_kept else "nothing was kept"
        message = f"The database cannot be written ({error}); {outcome}. Try again later."
        return [Unavailable(message, may_be_kept=may_be_kept) for _ in work], None


# --- Applying a group: results, rows written, last position if events were appended ----------------------------------

_Applied = tuple[list[Any], int, Position | None]
_Apply = Callable[[sqlite3.Connection, Sequence[Any], int], _Applied]


def _together(connection: sqlite3.Connection, work: Sequence[Any], now: int) -> _Applied:
    """All changes as one batch, then the other transactions one after the other."""
    batch = Batch(connection, now)
    changes = [item for item in work if isinstance(item, Change)]
    verdicts = iter(batch.apply(changes) if changes else ())
    results = [next(verdicts) if isinstance(item, Change) else item(connection) for item in work]
    return results, batch.size + len(work), batch.last_position if changes and batch.appended else None


def _one_by_one(connection: sqlite3.Connection, work: Sequence[Any], now: int) -> _Applied:
    """Each item within a savepoint, so that a faulty one takes nobody with it."""
    results: list[Any] = []
    rows, last = 0, None
    for item in work:
        connection.execute("savepoint item")
        try:
            (result,), written, position = _together(connection, [item], now)
        except sqlite3.IntegrityError as error:
            connection.execute("rollback to item")
            result, written, position = Conflict(f"it exists already ({error})"), 0, None
        except FAULTY as error:
            connection.execute("rollback to item")
            result, written, position = error, 0, None
        connection.execute("release item")
        results.append(result)
        rows += written
        last = position or last
    return results, rows, last


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

"""Commits together whatever arrives while the last commit is being synced.

Statements run on the event loop, and only the commit waits in a thread: in a thread of their own, each of a group's ten
statements had to win the interpreter back from the loop, which took half of all mails a second. What would hold the
loop up goes the long way, wholly in the thread: a large group, a database that somebody else writes to right now, and
everything that does not go well at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Final

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.changes import Change, Transition
from couvert.store.log import Position
from couvert.store.port import Commits
from couvert.store.sqlite import groups
from couvert.store.sqlite.checkpointer import Checkpointer
from couvert.store.sqlite.committer import Committer, Done, Group
from couvert.store.sqlite.groups import Applied, Work
from couvert.store.sqlite.write_connection import WriteConnection

GROUP: Final = 500
"""Items a commit at most: more would only lengthen the wait of the first."""
LONG: Final = 10_000
"""A commit with so many new recipients takes 100 ms, and takes nothing more along."""
SHORT: Final = 100
"""With more than this, a millisecond, the event loop is not held up."""
CHARACTERS: Final = 1_000
"""Of a new body, deflated in the time that a recipient takes."""

log = structlog.get_logger()


class Writer:
    """Of one event loop. Between two commits the connection is the loop's, during one it is the thread's."""

    def __init__(
        self,
        open_connection: Callable[[], sqlite3.Connection],
        checkpointer: Checkpointer,
        now_ms: Callable[[], int],
        on_commit: Callable[[Position], None],
    ) -> None:
        self.commits = Commits()
        self._database = WriteConnection(open_connection)
        self._committer = Committer(self._database, checkpointer, now_ms)
        self._now_ms = now_ms
        self._on_commit = on_commit
        self._waiting: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._is_busy = False
        """A group is on its way, or about to be gathered."""
        self._is_stopped = False
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self) -> None:
        self._committer.start()

    def submit(self, work: Work) -> asyncio.Future[Any]:
        """Queue the work; the future has its position or result once synced, or its exception."""
        if self._is_stopped:
            raise Unavailable("The database is closed.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((work, future))
        if not self._is_busy:
            self._is_busy = True
            self._idle.clear()
            # After whatever else is ready on the loop now, so that it comes along.
            loop.call_soon(self._send_off, loop)
        return future

    async def stop(self) -> None:
        """Take nothing more, finish what was queued, then end."""
        self._is_stopped = True
        await self._idle.wait()
        await asyncio.to_thread(self._committer.stop)
        self._database.close()

    def _send_off(self, loop: asyncio.AbstractEventLoop) -> None:
        began = perf_counter()
        work, futures, burden = self._gather()
        applied = self._apply(work) if burden <= SHORT else None

        def answer(done: Done) -> None:
            loop.call_soon_threadsafe(self._landed, loop, futures, done, began)

        self._committer.commit(Group(work, applied, answer))

    def _gather(self) -> tuple[list[Work], list[asyncio.Future[Any]], int]:
        work: list[Work] = []
        futures: list[asyncio.Future[Any]] = []
        burden = 0
        while self._waiting and len(work) < GROUP and burden < LONG:
            item, future = self._waiting.popleft()
            work.append(item)
            futures.append(future)
            burden += _burden(item) if isinstance(item, Transition) else 0
        return work, futures, burden

    def _apply(self, work: Sequence[Work]) -> Applied | None:
        """Begun and applied, ready to be committed; None, and nothing begun, if it has to go the long way."""
        connection = self._database.open_or_none
        if connection is None:
            return None
        try:
            connection.execute("begin immediate")
            return groups.together(connection, work, self._now_ms())
        except Exception as trouble:  # noqa: BLE001 - the thread meets it again, and knows what to do
            log.debug("writer.long_way", items=len(work), trouble=str(trouble))
            _roll_back(connection)
            return None

    def _landed(
        self, loop: asyncio.AbstractEventLoop, futures: Sequence[asyncio.Future[Any]], done: Done, began: float
    ) -> None:
        self.commits.seconds.observe(perf_counter() - began)
        self.commits.items.observe(len(futures))
        for future, result in zip(futures, done.results, strict=True):
            if isinstance(result, Unavailable):
                self.commits.unavailable += 1
            if future.cancelled():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        if self._waiting:
            loop.call_soon(self._send_off, loop)
        else:
            self._is_busy = False
            self._idle.set()
        # Last, so that a listener that stumbles stops nobody: the loop reports it, and the next group is on its way.
        if done.position is not None:
            self._on_commit(done.position)


def _burden(change: Transition) -> int:
    """How long it will take, in recipients of 10 us each."""
    if not isinstance(change, Change):
        return len(change.deliveries)
    characters = sum(map(len, change.bodies.values()))
    if change.sandbox_mail is not None:
        characters += len(change.sandbox_mail.content)
    rows = len(change.new_recipients) + len(change.deliveries) + len(change.suppressions)
    return rows + characters // CHARACTERS


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("rollback")
    except sqlite3.Error as error:
        # The thread's own "begin" fails on what is left, and then the connection is given up.
        log.warning("writer.cannot_roll_back", error=str(error))

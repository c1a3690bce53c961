"""The one thread that follows the log into the read models, whatever becomes of their file."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Final

import structlog

from couvert.readmodels import lock, pointer
from couvert.readmodels.connections import transaction
from couvert.readmodels.log import PAGE, read_page
from couvert.readmodels.marking import marked, marker_of
from couvert.readmodels.model_file import ModelFile
from couvert.readmodels.model_schema import Unusable
from couvert.readmodels.waiters import Waiters
from couvert.store.log import Position
from couvert.store.sqlite.connections import open_reader, open_writer
from couvert.store.sqlite.store import FILE

LOCK: Final = "follower.lock"
LOOK_SECONDS: Final = 1.0
"""Commits of other processes wake nobody here."""
PAUSE_SECONDS: Final = 1.0
LINGER_SECONDS: Final = 0.1
"""How late the read models may be while nobody asks to see an event."""

log = structlog.get_logger()


class Follower(threading.Thread):
    def __init__(self, directory: Path, *, delay_ms: int = 0) -> None:
        """For a data directory whose database exists. `delay_ms` before each batch lets tests look at what is stale."""
        super().__init__(name="follower", daemon=True)
        self._directory = directory
        self._delay_seconds = delay_ms / 1000
        self._hurry = threading.Event()
        self._waiters = Waiters(self._hurry.set)
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._opened = threading.Event()

    @property
    def reached(self) -> Position:
        """The last position that every read model has passed."""
        return self._waiters.reached

    @property
    def waiting(self) -> int:
        """How many wait for a position."""
        return len(self._waiters)

    def wait_until_open(self, timeout_seconds: float) -> None:
        """Before that there is nothing to read; what there is then may be old. Gives up in the end."""
        self._opened.wait(timeout_seconds)

    async def reached_position(self, position: Position, timeout_seconds: float) -> bool:
        """Whether every read model passes this position in time; any number may wait, on one event loop."""
        return await self._waiters.wait(position, timeout_seconds)

    def end_waits(self) -> None:
        """The service is told to stop: nobody is to wait for long any more."""
        self._waiters.end()

    def wake(self, _position: Position = 0) -> None:
        """Something was committed: a listener for `Store.on_commit`."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the batch under way, then end."""
        self._stopping.set()
        self._woken.set()
        self._hurry.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with lock.held(self._directory / LOCK, self._stopping) as is_held:
                    if is_held:
                        self._follow()
            except (sqlite3.Error, OSError) as trouble:
                log.warning("follower.waits", trouble=str(trouble), reached=self.reached)
                self._stopping.wait(PAUSE_SECONDS)
            except Exception:
                # A fault of ours. Nothing is lost, the log has it; whoever waits for an event is told that it is late.
                log.exception("follower.failed", reached=self.reached)
                self._stopping.wait(PAUSE_SECONDS)

    # --- Details, in the order they are called ------------------------------------------------------------------------

    def _follow(self) -> None:
        """Into the file that the database names, until stopped."""
        with closing(open_reader(self._directory / FILE)) as source:
            while not self._stopping.is_set():
                name = pointer.current(source)
                try:
                    with ModelFile(self._directory / name) as models:
                        self._opened.set()
                        self._follow_into(models, source)
                except Unusable as trouble:
                    log.warning("read_models.begin_anew", file=name, reason=str(trouble))
                    self._leave(name)

    def _follow_into(self, models: ModelFile, source: sqlite3.Connection) -> None:
        """Page by page, until stopped or the database names another file."""
        marker = marker_of(source)
        while not self._stopping.is_set():
            page = read_page(source, models.checkpoint)
            if page.file != models.name:
                # Whoever moved the pointer has done so, unless it was stopped there or we came between.
                pointer.remove(self._directory, models.name)
                return
            if models.is_gone():
                raise Unusable("it was deleted or replaced")
            if not page.is_same_log:
                raise Unusable("it followed another log")
            # Not before: what a file of another log has reached means nothing.
            self._waiters.moved_to(models.checkpoint.position)
            if page.end == models.checkpoint:
                self._woken.wait(LOOK_SECONDS)
                self._woken.clear()
            elif not self._stopping.wait(self._delay_seconds):
                models.advance(page.events, page.end, marked(source, page.events, marker))
                self._waiters.moved_to(models.checkpoint.position)
                if len(page.events) < PAGE:
                    self._linger()

    def _linger(self) -> None:
        """Between two batches, unless somebody waits: following every commit at once would take the interpreter from
        requests and hand-overs two thousand times a second, to fold three events each time.
        """
        self._hurry.clear()
        if not (self._waiters.are_there or self._stopping.is_set()):
            self._hurry.wait(LINGER_SECONDS)

    def _leave(self, name: str) -> None:
        """Point to a fresh name, under which a fresh file will be created."""
        self._waiters.moved_to(0)
        with closing(open_writer(self._directory / FILE)) as database, transaction(database):
            pointer.move(database, old=name, new=pointer.fresh_name())
        pointer.remove(self._directory, name)

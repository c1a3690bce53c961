"""Build the read models anew from the log, beside the live ones; compare, swap, and say whether they agreed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from couvert.domain.refusals import Conflict, NotFound
from couvert.readmodels import lock, model_schema, pointer
from couvert.readmodels.checksum import checksum
from couvert.readmodels.connections import open_read_only, snapshot, transaction
from couvert.readmodels.log import END, read_page
from couvert.readmodels.marking import marked, marker_of
from couvert.readmodels.model_file import ModelFile
from couvert.readmodels.model_schema import Unusable
from couvert.store.log import Position
from couvert.store.sqlite.connections import open_writer
from couvert.store.sqlite.migration import check
from couvert.store.sqlite.store import FILE

LOCK: Final = "rebuild.lock"
PATIENCE_MS: Final = 60_000
"""A busy writer leaves little room between two commits for somebody else's."""

log = structlog.get_logger()


class Summed(NamedTuple):
    """Read models at one moment."""

    position: Position
    checksum: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    file: str
    """Where the read models are from now on."""
    events: int
    seconds: float
    new: Summed
    """Before the new ones caught up with what was appended meanwhile."""
    live: Summed | None
    """None if there was nothing to compare with: no file, a damaged one, or one of another version."""

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds

    @property
    def has_agreed(self) -> bool | None:
        """None if there was nothing to compare with. If False, the old ones were wrong; the new ones are in place."""
        return None if self.live is None else self.live == self.new


def rebuild(directory: Path) -> Rebuilt:
    """Works while a service runs on the data.

    Raises `NotFound` without any, `OtherSchema` if another couvert made it, `Conflict` if another rebuild runs.
    """
    if not (directory / FILE).is_file():
        raise NotFound(f"There is no {FILE} in {directory}.")
    with lock.held(directory / LOCK) as is_held, closing(open_writer(directory / FILE)) as database:
        if not is_held:
            raise Conflict("The read models are being rebuilt by another process.")
        check(database)
        database.execute(f"pragma busy_timeout = {PATIENCE_MS}").fetchall()
        name = pointer.fresh_name()
        try:
            return _rebuild(directory, database, name)
        except BaseException:
            pointer.remove(directory, name)
            raise


def _rebuild(directory: Path, database: sqlite3.Connection, name: str) -> Rebuilt:
    started = time.monotonic()
    for leftover in pointer.leftovers(directory, database):
        pointer.remove(directory, leftover)
    live = _summed_or_none(directory / pointer.current(database))
    with ModelFile(directory / name) as models:
        events = _catch_up(models, database, up_to=live.position if live else END)
        new = _summed(directory / name)
        events += _take_over(directory, database, models)
    return Rebuilt(name, events, time.monotonic() - started, new, live)


def _summed_or_none(path: Path) -> Summed | None:
    try:
        return _summed(path)
    except (Unusable, sqlite3.Error) as trouble:
        log.warning("rebuild.nothing_to_compare", file=path.name, reason=str(trouble))
        return None


def _summed(path: Path) -> Summed:
    with closing(open_read_only(path)) as connection, snapshot(connection):
        model_schema.check(connection)
        return Summed(model_schema.checkpoint(connection).position, checksum(connection))


def _catch_up(models: ModelFile, database: sqlite3.Connection, *, up_to: Position = END) -> int:
    """How many events it took."""
    events = 0
    marker = marker_of(database)
    while (page := read_page(database, models.checkpoint, up_to=up_to)).end != models.checkpoint:
        models.advance(page.events, page.end, marked(database, page.events, marker))
        events += len(page.events)
    return events


def _take_over(directory: Path, database: sqlite3.Connection, models: ModelFile) -> int:
    """Nobody steps back: when follower and readers switch, the new ones have passed whatever the old ones had."""
    events = _catch_up(models, database)
    models.settle()
    events += _catch_up(models, database)
    with transaction(database):
        # Nobody appends now. What came since the line before is a batch or two: milliseconds.
        events += _catch_up(models, database)
        old = pointer.current(database)
        pointer.move(database, old=old, new=models.name)
    # A follower that still has it open writes its last batch to a file without a name, then looks at the pointer.
    pointer.remove(directory, old)
    return events

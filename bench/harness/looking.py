"""What a data directory says, read beside the service without holding anything open."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.harness.figure import Skipped
from couvert.domain.delivery import State
from couvert.store.sqlite.rows import STATES
from couvert.store.sqlite.store import FILE


class Looking:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def position(self) -> int:
        return int(self._ask("select coalesce(max(position), 0) from event")[0][0])

    def is_waiting(self) -> bool:
        """Whether a delivery is left that wants a worker."""
        return bool(self._ask("select 1 from delivery where wake_at is not null limit 1"))

    def states(self, *, since: int = 0) -> dict[State, int]:
        """How many deliveries with an id above `since` are in which state."""
        found = self._ask("select state, count(*) from delivery where id > ? group by state", since)
        return {STATES[code]: count for code, count in found}

    def waiting(self) -> int:
        """How many deliveries want a worker."""
        return int(self._ask("select count(*) from delivery where wake_at is not null")[0][0])

    def count(self) -> int:
        """How many deliveries there are."""
        return int(self._ask("select count(*) from delivery")[0][0])

    def newest(self) -> int:
        return int(self._ask("select coalesce(max(id), 0) from delivery")[0][0])

    def wait_for_position_after(self, position: int, at_most_seconds: float) -> None:
        _wait(lambda: self.position() > position, at_most_seconds, "nothing happened", pause=0.002)

    def wait_for_count(self, count: int, at_most_seconds: float) -> None:
        _wait(lambda: self.count() >= count, at_most_seconds, "messages are still missing", pause=0.05)

    def wait_until_done(self, at_most_seconds: float) -> None:
        _wait(lambda: not self.is_waiting(), at_most_seconds, "deliveries still wait", pause=0.01)

    def _ask(self, sql: str, *values: Any) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()


@contextmanager
def looking_into(directory: Path) -> Iterator[Looking]:
    connection = sqlite3.connect(f"file:{directory / FILE}?mode=ro", uri=True, isolation_level=None)
    try:
        yield Looking(connection)
    finally:
        connection.close()


def _wait(is_so: Callable[[], bool], at_most_seconds: float, complaint: str, *, pause: float) -> None:
    give_up_at = time.perf_counter() + at_most_seconds
    while not is_so():
        if time.perf_counter() > give_up_at:
            raise Skipped(f"{complaint} after {at_most_seconds:.0f} s")
        time.sleep(pause)

"""A disk that fails when it is told to, below the code that commits."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from couvert.domain.refusals import Unavailable
from couvert.store.sqlite.connections import open_writer


class Disk:
    """Opens connections whose statements fail as `before` and `after` say, and remembers what was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.before: Callable[[str], None] = lambda sql: None
        self.after: Callable[[str], None] = lambda sql: None
        self.is_read_only = False

    def open(self, path: Path) -> Any:
        connection = open_writer(path)
        if self.is_read_only:
            connection.execute("pragma query_only = on")
        return Connection(connection, self)

    def fail(
        self, statement: str, *, is_done: bool = False, error: type[sqlite3.Error] = sqlite3.OperationalError
    ) -> None:
        """From now on, before it is done or right after."""

        def broken(sql: str) -> None:
            if sql.startswith(statement):
                raise error("disk I/O error")

        if is_done:
            self.after = broken
        else:
            self.before = broken

    def recover(self) -> None:
        self.before = self.after = lambda sql: None
        self.is_read_only = False


class Connection:
    def __init__(self, connection: sqlite3.Connection, disk: Disk) -> None:
        self._connection = connection
        self._disk = disk

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        self._disk.before(sql)
        cursor = self._connection.execute(sql, values)
        self._disk.done.append(sql)
        self._disk.after(sql)
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def trouble_of(work: Awaitable[object]) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await work
    return caught.value

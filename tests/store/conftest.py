"""The store's suite runs on every adapter there is; what only one of them has is tested beside it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from couvert.domain.ids import IdSource
from couvert.store.port import Store
from couvert.store.sqlite import store as adapter, write_connection
from couvert.store.sqlite.store import SqliteStore
from tests.store.changes import Clock
from tests.store.failing import Disk
from tests.store.sqlite_files import assert_whole

Opener = Callable[[], Store]
"""Opens the same data each time."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ids(clock: Clock) -> IdSource:
    return IdSource(1, clock)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


def sqlite(directory: Path, clock: Clock) -> Store:
    return SqliteStore(directory, clock)


@pytest.fixture(params=[sqlite])
def opener(request: pytest.FixtureRequest, directory: Path, clock: Clock) -> Opener:
    return lambda: request.param(directory, clock)


@pytest.fixture
async def store(opener: Opener) -> AsyncIterator[Store]:
    store = opener()
    yield store
    await store.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(adapter, "open_writer", disk.open)
    monkeypatch.setattr(write_connection, "REOPEN_SECONDS", 0)
    return disk


@pytest.fixture
async def store_on_disk(disk: Disk, directory: Path, clock: Clock) -> AsyncIterator[Store]:
    """The SQLite store on a disk that fails when it is told to; in the end it is whole."""
    store = SqliteStore(directory, clock)
    yield store
    disk.recover()
    await store.close()
    assert_whole(directory)

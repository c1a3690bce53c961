"""The store's suite runs on every adapter there is; what only one of them has is tested beside it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from couvert.domain.ids import IdSource
from couvert.store.port import Store
from couvert.store.sqlite.store import SqliteStore
from tests.store.changes import Clock

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

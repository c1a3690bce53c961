from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from couvert.readmodels.follower import Follower
from tests.readmodels.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path) as world:
        yield world


@pytest.fixture
def start(world: World) -> Iterator[Callable[..., Follower]]:
    """`start()` is a follower of the world's log, woken by its commits, and stopped in the end."""
    followers = []

    def started(*, delay_ms: int = 0, is_woken: bool = True) -> Follower:
        follower = Follower(world.directory, delay_ms=delay_ms)
        if is_woken:
            world.store.on_commit(follower.wake)
        follower.start()
        followers.append(follower)
        return follower

    yield started
    for follower in followers:
        follower.stop()

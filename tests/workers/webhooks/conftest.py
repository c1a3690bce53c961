from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.readmodels.world import World
from tests.workers.webhooks.telling import Telling


@pytest.fixture
async def telling(tmp_path: Path) -> AsyncIterator[Telling]:
    async with World(tmp_path) as world:
        yield Telling(world)

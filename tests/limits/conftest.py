"""The suite of the limits' port runs on every engine there is."""

from collections.abc import Callable

import pytest

from couvert.limits.memory import MemoryLimits
from couvert.limits.port import Limits
from tests.store.changes import Clock

Engine = Callable[[Clock], Limits]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[MemoryLimits])
def limits(request: pytest.FixtureRequest, clock: Clock) -> Limits:
    engine: Engine = request.param
    return engine(clock)

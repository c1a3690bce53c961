"""A relay that counts, a data directory, and workers that are gone when the test is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.crew import Worker
from tests.crash.ledger import Ledger
from tests.crash.relay import Relay

Start = Callable[..., Worker]


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay()
    yield relay
    relay.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def ledger(directory: Path) -> Ledger:
    return Ledger(directory)


@pytest.fixture
def start(directory: Path, relay: Relay) -> Iterator[Start]:
    """`start("--bulk", "5", max_in_flight=1)`: leases of one second, so that others take over soon."""
    crew: list[Worker] = []

    def start(*arguments: str, **settings: object) -> Worker:
        chosen = {"transport": relay.url, "lease_seconds": 1, "max_in_flight": 8, "v1_patience_seconds": 1} | settings
        crew.append(Worker(directory, {name.upper(): str(value) for name, value in chosen.items()}, *arguments))
        return crew[-1]

    yield start
    for worker in crew:
        worker.kill()

"""A relay that counts, a data directory, workers and a service that are gone when the test is."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from couvert.commands import sandbox
from couvert.store.sqlite.store import SqliteStore
from couvert.wiring import now_ms
from couvert.workers import intake, porter
from tests.crash.courierhouse import Provider
from tests.crash.crew import Worker
from tests.crash.ledger import Ledger
from tests.crash.relay import Relay
from tests.crash.service import Service

Start = Callable[..., Worker]
MAX_IN_FLIGHT = 16


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
async def store(directory: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(directory, now_ms)
    yield store
    await store.close()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture(autouse=True)
def _brief_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process; the programs keep theirs."""
    monkeypatch.setattr(intake, "TROUBLE_SECONDS", 0.01)
    monkeypatch.setattr(porter, "TROUBLE_SECONDS", 0.01)
    monkeypatch.setattr(sandbox, "IN_DOUBT_SECONDS", 0.01)


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


@pytest.fixture
def service(directory: Path, relay: Relay) -> Iterator[Service]:
    service = Service(directory, transport=relay.url, lease_seconds=1, max_in_flight=MAX_IN_FLIGHT)
    yield service
    service.close()


@pytest.fixture
def key(service: Service) -> str:
    return service.key()

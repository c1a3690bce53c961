"""Containers with the real runtime client, before a simulated AWS; all are gone when the test is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from couvert.simulator.testing import SimulatedSes, simulated_ses
from tests.aws_lambda.runtime import LambdaContainer
from tests.crash.ledger import Ledger
from tests.workers.queue.post import CREDENTIALS, Post, client_of

Start = Callable[..., LambdaContainer]


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatedSes]:
    with simulated_ses() as running:
        yield running


@pytest.fixture
def aws(simulator: SimulatedSes, monkeypatch: pytest.MonkeyPatch) -> SimulatedSes:
    """An account without queues, that takes everything."""
    simulator.reset()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return simulator


@pytest.fixture
def post(aws: SimulatedSes) -> Iterator[Callable[..., Post]]:
    """`post("results")` makes a queue."""
    with client_of(aws.url) as client:
        yield lambda name, **attributes: Post(client, name, **attributes)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "data")


@pytest.fixture
def start(tmp_path: Path, aws: SimulatedSes) -> Iterator[Start]:
    """`start("queue", result_queue_url="sqs://results")`: a cold container, with leases of one second."""
    containers: list[LambdaContainer] = []

    def start(door: str, *, variables: dict[str, str] | None = None, **settings: object) -> LambdaContainer:
        chosen = {
            "data_dir": tmp_path / "data", "transport": "ses://eu-west-1", "aws_endpoint_url": aws.url,
            "lease_seconds": 1, "v1_patience_seconds": 2,
        } | settings  # fmt: skip
        said = {name.upper(): str(value) for name, value in chosen.items()}
        containers.append(LambdaContainer(f"couvert.aws_lambda.{door}.handler", tmp_path, said, **(variables or {})))
        return containers[-1]

    yield start
    for container in containers:
        container.close()

"""The service in this process, on the sandbox and with a queue of the simulator's."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from couvert import wiring
from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.readmodels.audit import audit
from couvert.settings import Settings
from couvert.simulator.testing import SimulatedSes, simulated_ses
from tests.workers.queue.post import CREDENTIALS, Post, client_of


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatedSes]:
    with simulated_ses() as running:
        yield running


@pytest.fixture
def aws(simulator, monkeypatch) -> Any:
    """The address of an account without queues."""
    simulator.reset()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return simulator.url


@pytest.fixture
def post(aws) -> Iterator[Callable[..., Post]]:
    """`post("bulk")` makes a queue."""
    with client_of(aws) as client:
        yield lambda name, **attributes: Post(client, name, **attributes)


@pytest.fixture
def bulk(post: Callable[..., Post]) -> Post:
    return post("bulk")


@pytest.fixture
def settings(tmp_path, aws) -> Callable[..., Settings]:
    def settings(**given: Any) -> Settings:
        chosen = {"data_dir": tmp_path / "data", "aws_endpoint_url": aws, "queue_url": "sqs://bulk"} | given
        return Settings(_env_file=None, **chosen)

    return settings


@asynccontextmanager
async def running(settings: Settings, *, consumes: bool = True) -> AsyncIterator[wiring.Parts]:
    """As `serve` runs it, but for HTTP; without `consumes`, somebody else does that."""
    parts = wiring.open_parts(settings, is_server=True)
    async with wiring.running(parts, delivers=True), AsyncExitStack() as stack:
        if consumes:
            await stack.enter_async_context(wiring.bulk_at_work(parts))
        elif parts.publisher is not None:
            await stack.enter_async_context(parts.publisher.at_work())
        yield parts
    report = audit(settings.data_dir)
    assert report.is_sound, report.faults.first


async def until(is_so: Callable[[], Awaitable[Any]], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not await is_so():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        await asyncio.sleep(0.02)


def mail(recipients: int, **changes: Any) -> AcceptMail:
    """A bulk mail as /v1 accepts it."""
    command = AcceptMail(
        sender=Sender("support@example.com", "Support Team", "Acme Corp"),
        recipients=tuple(
            Recipient(f"r{n}@example.org", f"Name {n}", None, f"recipient-{n}") for n in range(1, recipients + 1)
        ),
        subject="Test Email",
        html="<h1>Hello {{name}}</h1>",
        references=References("msg-123", "env-123"),
    )
    return command._replace(**changes)


async def counted(parts: wiring.Parts) -> dict[State, int]:
    """How many deliveries are in which state, of all there are."""
    counts = await parts.store.states(first=0, last=1 << 62)
    return {state: count for state, count in counts.items() if count}


async def sent(parts: wiring.Parts, number: int) -> None:
    """Wait until so many were, and nothing else is there; each of them once."""

    async def are_sent() -> bool:
        return await counted(parts) == {State.SENT: number}

    await until(are_sent)
    for delivery_id in await parts.store.latest_deliveries(number):
        assert len(await parts.store.sandbox_mails(delivery_id)) == 1

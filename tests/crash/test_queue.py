"""A worker is killed between the queue and the database; another one goes on with what it leaves in both."""

import signal

import pytest

from couvert.domain.delivery import State
from couvert.simulator.testing import simulated_ses
from tests.crash.until import until
from tests.workers.queue.post import CREDENTIALS, Post, body, client_of

pytestmark = [pytest.mark.crash, pytest.mark.slow]

FAULTS = [
    "received:1", "received:3", "settled:1", "settled:2", "deleted:1", "accepted:20", "publishing:1", "published:1",
    "published:2", "leased:3", "begun:12", "taken:12",
]  # fmt: skip
FOREIGN = [f"f{n}@example.com" for n in range(30)]


@pytest.fixture
def queue(monkeypatch):
    """`sqs://bulk`, in which somebody else has put thirty messages."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with simulated_ses() as simulator, client_of(simulator.url) as client:
        queue = Post(client, "bulk")
        queue.put(*[body(recipient_email=address) for address in FOREIGN])
        yield queue, {"queue_url": "sqs://bulk", "aws_endpoint_url": simulator.url}


@pytest.mark.parametrize("fault", FAULTS)
def test_killed_anywhere_between_queue_and_database_nobody_is_lost_and_nobody_gets_two_copies(
    fault, start, ledger, relay, queue
):
    messages, settings = queue
    relay.seconds = 0.01
    victim = start("--bulk", "25", "--fault", f"{fault}=kill", **settings)
    assert victim.await_death() == -signal.SIGKILL
    begun = ledger.begun()

    start(**settings)
    until(lambda: messages.left() == 0, "the queue is empty")
    ledger.await_ends()

    emails = ledger.emails()
    assert emails >= set(FOREIGN)
    assert set(victim.passed("accepted")) <= {entry.id for entry in ledger.entries()}
    assert ledger.in_state(State.UNKNOWN) == begun
    assert ledger.in_state(State.SENT) == emails - begun
    assert emails - begun <= relay.copies.keys() <= emails
    assert set(relay.copies.values()) == {1}
    assert ledger.faults() == []

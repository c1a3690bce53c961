"""`couvert serve` is killed while it publishes results: every recipient has one all the same."""

import json

import pytest

from couvert.domain.delivery import State
from couvert.simulator.testing import simulated_ses
from tests.crash.service import Service
from tests.crash.until import until
from tests.workers.queue.post import CREDENTIALS, Post, body, client_of

pytestmark = [pytest.mark.crash, pytest.mark.slow]

PEOPLE = [f"p{n}@example.com" for n in range(120)]


def test_killed_again_and_again_every_recipient_has_a_result_and_nobody_two_copies(
    directory, relay, ledger, monkeypatch
):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    relay.seconds = 0.02
    told: list[dict[str, object]] = []
    with simulated_ses() as simulator, client_of(simulator.url) as client:
        queues = {name: Post(client, name) for name in ("bulk", "results")}
        service = Service(
            directory,
            transport=relay.url,
            lease_seconds=1,
            max_in_flight=4,
            aws_endpoint_url=simulator.url,
            queue_url="sqs://bulk",
            result_queue_url="sqs://results",
        )
        queues["bulk"].put(*[body(recipient_email=address) for address in PEOPLE])
        try:
            for results in (1, 20, 50):
                service.start()
                told += heard(queues["results"], results)
                service.kill()
            service.start()
            until(lambda: ledger.emails() == set(PEOPLE), "all are accepted")
            ledger.await_ends()
            told += heard(queues["results"], len(PEOPLE), who=told)
        finally:
            service.close()

    assert {result["recipient"] for result in told} == set(PEOPLE)
    assert set(relay.copies.values()) == {1}
    last = {str(result["recipient"]): result["status"] for result in told}
    assert {who for who, status in last.items() if status == "sent"} == ledger.in_state(State.SENT)
    assert {who for who, status in last.items() if status == "unknown"} == ledger.in_state(State.UNKNOWN)
    assert ledger.faults() == []


def heard(results, number, who=()):
    """Results of so many recipients, those in `who` included."""
    seen = {result["recipient"] for result in who}
    told: list[dict[str, object]] = []

    def is_enough():
        new = [json.loads(message["Body"]) for message in results.received(0.2)]
        told.extend(new)
        seen.update(result["recipient"] for result in new)
        return len(seen) >= number

    until(is_enough, f"{number} results came", seconds=60)
    return told

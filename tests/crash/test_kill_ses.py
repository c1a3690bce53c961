"""A worker that sends by SES is killed, or freezes past its lease, at every step; once notices come, nothing is left
that nobody knows.
"""

import signal

import pytest

from couvert.domain.delivery import State
from couvert.simulator.testing import simulated_ses
from tests.crash.simulated import QUEUE, TRANSPORT, notices_under_way, service_on
from tests.crash.until import until
from tests.delivery.ses.handing import KEYS

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ACCEPTED = ("--bulk", "15", "--singles", "15")
STEPS = ["accepted:20", "leased:9", "begun:12", "content:12", "cleared:12", "taken:12", "recorded:12"]


@pytest.fixture
def ses():
    with simulated_ses(raw_queues=(QUEUE,)) as ses:
        yield ses


@pytest.fixture
def heir(directory, ses):
    """The service that goes on where a worker died, and hears of what it had handed over."""
    service = service_on(directory, ses, by=["sqs"], lease_seconds=1)
    yield service
    service.close()


@pytest.fixture
def faulty(start, ses, monkeypatch):
    """`faulty("begun:12=kill")`"""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    ses.faults(slow_ms=20)

    def faulty(fault: str):
        return start(*ACCEPTED, "--fault", fault, transport=TRANSPORT, aws_endpoint_url=ses.url)

    return faulty


@pytest.fixture
def told(ses, ledger):
    """`told()`: once everything has ended, and every notice was brought and read."""

    def told() -> None:
        ledger.await_ends()
        until(lambda: notices_under_way(ses) == 0, "all notices were brought")
        until(lambda: ledger.unread() == 0, "all notices were read")

    return told


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_everybody_has_one_copy_or_is_known_to_have_none(step, faulty, ses, heir, ledger, told):
    victim = faulty(f"{step}=kill")
    assert victim.await_death() == -signal.SIGKILL
    in_doubt = ledger.begun()

    heir.start()
    told()

    copies = ses.copies()
    assert set(victim.passed("accepted")) <= {entry.id for entry in ledger.entries()}
    assert ledger.in_state(State.DELIVERED) == copies.keys()
    assert ledger.in_state(State.UNKNOWN) == ledger.emails() - copies.keys() <= in_doubt
    assert set(copies.values()) == {1}
    assert ledger.faults() == []


@pytest.mark.parametrize("step", STEPS)
def test_frozen_at_any_step_past_its_lease_everybody_has_one_copy(step, faulty, ses, heir, ledger, told):
    frozen = faulty(f"{step}=stop")
    frozen.await_freeze()

    heir.start()
    told()
    frozen.thaw()
    assert frozen.stop() == 0
    told()

    assert ledger.in_state(State.DELIVERED) == ledger.emails()
    assert ses.copies() == dict.fromkeys(ledger.emails(), 1)
    assert ledger.faults() == []

"""A worker that sends by SES is killed at every step; once notices come, nothing is left that nobody knows."""

import signal

import pytest

from couvert.domain.delivery import State
from couvert.simulator.testing import simulated_ses
from tests.crash.simulated import QUEUE, TRANSPORT, notices_under_way, service_on
from tests.crash.until import until
from tests.delivery.ses.handing import KEYS

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ACCEPTED = ("--bulk", "15", "--singles", "15")
FAULTS = ["accepted:20", "leased:9", "begun:12", "content:12", "cleared:12", "taken:12", "recorded:12"]


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
def killed(start, ses, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)

    def killed(fault: str):
        ses.faults(slow_ms=20)
        settings = {"transport": TRANSPORT, "aws_endpoint_url": ses.url}
        worker = start(*ACCEPTED, "--fault", f"{fault}=kill", **settings)
        assert worker.await_death() == -signal.SIGKILL
        return worker

    return killed


@pytest.mark.parametrize("fault", FAULTS)
def test_killed_at_any_step_everybody_has_one_copy_or_is_known_to_have_none(fault, killed, ses, heir, ledger):
    victim = killed(fault)
    in_doubt = ledger.begun()

    heir.start()
    ledger.await_ends()
    until(lambda: notices_under_way(ses) == 0, "all notices were brought")
    until(lambda: ledger.unread() == 0, "all notices were read")

    copies = ses.copies()
    assert set(victim.passed("accepted")) <= {entry.id for entry in ledger.entries()}
    assert ledger.in_state(State.DELIVERED) == copies.keys()
    assert ledger.in_state(State.UNKNOWN) == ledger.emails() - copies.keys() <= in_doubt
    assert set(copies.values()) == {1}
    assert ledger.faults() == []

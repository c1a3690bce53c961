"""A worker is killed at every step of a delivery's way; another one goes on with what it leaves."""

import signal

import pytest

from couvert.domain.delivery import State

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ACCEPTED = ("--bulk", "15", "--singles", "15")
FAULTS = ["accepted:20", "leased:9", "begun:12", "content:12", "cleared:12", "taken:12", "recorded:12"]


@pytest.fixture
def killed(start, relay):
    """`killed("begun:5")`: a worker that died there; what it was doing is seen in the ledger."""

    def killed(fault: str):
        relay.seconds = 0.01
        worker = start(*ACCEPTED, "--fault", f"{fault}=kill")
        assert worker.await_death() == -signal.SIGKILL
        return worker

    return killed


@pytest.mark.parametrize("fault", FAULTS)
def test_killed_at_any_step_nobody_is_lost_and_nobody_gets_two_copies(fault, killed, start, ledger, relay):
    victim = killed(fault)
    begun = ledger.begun()

    start()
    ledger.await_ends()

    emails = ledger.emails()
    assert set(victim.passed("accepted")) <= {entry.id for entry in ledger.entries()}
    assert ledger.in_state(State.UNKNOWN) == begun
    assert ledger.in_state(State.SENT) == emails - begun
    assert relay.copies.keys() <= emails
    assert emails - begun <= relay.copies.keys()
    assert set(relay.copies.values()) == {1}
    assert len(begun) <= 8
    assert ledger.faults() == []


@pytest.mark.parametrize("fault", ["begun:12", "taken:12"])
def test_with_resend_nobody_stays_unknown_and_only_what_was_in_flight_comes_twice(fault, killed, start, ledger, relay):
    killed(fault)
    begun = ledger.begun()

    start(unknown_policy="resend")
    ledger.await_ends()

    emails = ledger.emails()
    assert ledger.in_state(State.SENT) == emails == relay.copies.keys()
    assert {email for email, copies in relay.copies.items() if copies > 1} <= begun
    assert max(relay.copies.values()) <= 2
    assert all(len(relay.message_ids(email)) == 1 for email in emails)
    assert ledger.faults() == []

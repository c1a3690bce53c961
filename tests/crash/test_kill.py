"""A worker is killed at every step of a delivery's way; another one goes on with what it leaves."""

import signal

import pytest

from couvert.domain.delivery import State
from tests.crash.ledger import audit

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ACCEPTED = ("--bulk", "15", "--singles", "15")
FAULTS = ["accepted:20", "leased:9", "begun:12", "content:12", "cleared:12", "taken:12", "recorded:12"]


@pytest.fixture(params=FAULTS)
def victim(request, start, relay):
    """Dead, and what it was doing is seen in the ledger."""
    relay.seconds = 0.01
    worker = start(*ACCEPTED, "--fault", f"{request.param}=kill")
    assert worker.await_death() == -signal.SIGKILL
    return worker


def test_killed_at_any_step_nobody_is_lost_and_nobody_gets_two_copies(victim, start, ledger, relay, directory):
    begun = ledger.begun()

    start()
    ledger.await_ends()

    emails = {entry.email for entry in ledger.entries()}
    assert set(victim.passed("accepted")) <= {entry.id for entry in ledger.entries()}
    assert ledger.in_state(State.UNKNOWN) == begun
    assert ledger.in_state(State.SENT) == emails - begun
    assert relay.copies.keys() <= emails
    assert emails - begun <= relay.copies.keys()
    assert set(relay.copies.values()) == {1}
    assert len(begun) <= 8
    #AUDIT assert audit(directory).returncode == 0


def test_with_resend_nobody_stays_unknown_and_only_what_was_in_flight_comes_twice(
    victim, start, ledger, relay, directory
):
    begun = ledger.begun()

    start(unknown_policy="resend")
    ledger.await_ends()

    emails = {entry.email for entry in ledger.entries()}
    assert ledger.in_state(State.SENT) == emails == relay.copies.keys()
    assert {email for email, copies in relay.copies.items() if copies > 1} <= begun
    assert max(relay.copies.values()) <= 2
    assert all(len(relay.message_ids(email)) == 1 for email in emails)
    #AUDIT assert audit(directory).returncode == 0

"""A worker freezes past its lease (a laptop asleep, a machine moved, a debugger) while another one goes on; then it
thaws in the middle of what it was doing.
"""

import time

import pytest

from couvert.domain.delivery import State
from tests.crash.relay import GO_AHEAD, VERDICT

pytestmark = [pytest.mark.crash, pytest.mark.slow]

STEPS = ["accepted:7", "leased:3", "begun:6", "content:6", "cleared:6", "taken:6"]
BEFORE_THE_CONTENT = ["begun:1", "content:1"]
ONE = ("--bulk", "1")
CHARLIE = "bulk.0@example.com"
PAST_THE_LEASE = 1.3
SEVERAL_RENEWALS = 1.0


@pytest.fixture(params=STEPS)
def frozen(request, start, relay):
    relay.seconds = 0.01
    worker = start("--bulk", "6", "--singles", "6", "--fault", f"{request.param}=stop")
    worker.await_freeze()
    return worker


def test_frozen_at_any_step_past_its_lease_everybody_gets_exactly_one_copy(frozen, start, ledger, relay):
    begun = ledger.begun()
    other = start()
    ledger.await_ends()
    assert ledger.in_state(State.UNKNOWN) == begun

    frozen.thaw()
    assert frozen.stop() == 0
    ledger.await_ends()

    assert other.stop() == 0
    emails = ledger.emails()
    assert ledger.in_state(State.SENT) == emails
    assert relay.copies == dict.fromkeys(emails, 1)
    assert ledger.faults() == []


@pytest.mark.parametrize("fault", BEFORE_THE_CONTENT)
def test_thawed_before_the_content_it_withholds_what_another_has_sent_again(fault, start, ledger, relay):
    frozen = start(*ONE, "--fault", f"{fault}=stop", unknown_policy="resend")
    frozen.await_freeze()
    start(unknown_policy="resend")
    ledger.await_ends()

    frozen.thaw()
    frozen.await_step("released")

    assert relay.copies == {CHARLIE: 1}
    assert ledger.story(CHARLIE) == ["begun", "unknown", "requeued", "begun", "sent", "released"]
    assert ledger.faults() == []


@pytest.fixture
def held_back(start, ledger, relay):
    """`held_back(GO_AHEAD)`: a worker whose relay takes its time at this step, and how to let the relay go on."""

    def held_back(step: str, **settings: object):
        let_go = relay.hold(step, CHARLIE)
        worker = start(*ONE, **settings)
        relay.await_hold(step, CHARLIE)
        worker.freeze(ledger)
        return worker, let_go

    return held_back


TAKEN_UP_AGAIN = {
    "hold": ["begun", "unknown", "released", "begun", "sent"],
    "resend": ["begun", "unknown", "requeued", "begun", "sent", "released"],
}


@pytest.mark.parametrize("policy", TAKEN_UP_AGAIN)
def test_a_lease_that_ran_out_is_over_even_if_the_thawed_worker_renews_it(policy, held_back, start, ledger, relay):
    frozen, let_go = held_back(GO_AHEAD, unknown_policy=policy)
    start(unknown_policy=policy)
    ledger.await_ends()

    frozen.thaw()
    time.sleep(SEVERAL_RENEWALS)
    let_go.set()
    frozen.await_step("released")

    ledger.await_ends()
    assert ledger.story(CHARLIE) == TAKEN_UP_AGAIN[policy]
    assert relay.copies == {CHARLIE: 1}
    assert ledger.faults() == []


def test_what_the_relay_took_from_a_frozen_worker_is_sent_even_after_it_was_unknown(held_back, start, ledger, relay):
    frozen, let_go = held_back(VERDICT)
    start()
    ledger.await_ends()

    let_go.set()
    frozen.thaw()
    frozen.await_step("recorded")

    assert ledger.story(CHARLIE) == ["begun", "unknown", "sent"]
    assert ledger.in_state(State.SENT) == {CHARLIE}
    assert relay.copies == {CHARLIE: 1}
    assert ledger.faults() == []


# --- Alone ------------------------------------------------------------------------------------------------------------


def test_a_worker_that_was_frozen_alone_does_not_give_up_what_it_has_in_hand(held_back, ledger, relay):
    frozen, let_go = held_back(VERDICT, unknown_policy="resend")
    time.sleep(PAST_THE_LEASE)

    frozen.thaw()
    time.sleep(SEVERAL_RENEWALS)
    let_go.set()
    frozen.await_step("recorded")

    ledger.await_ends()
    assert ledger.story(CHARLIE) == ["begun", "sent"]
    assert relay.copies == {CHARLIE: 1}


@pytest.mark.parametrize(("lease_seconds", "pause_seconds"), [(1, 1.3), (30, 5.2)])
def test_once_the_lease_or_the_time_for_the_first_byte_is_over_it_sends_nothing_and_begins_anew(
    lease_seconds, pause_seconds, start, ledger, relay
):
    frozen = start(*ONE, "--fault", "begun:1=stop", lease_seconds=lease_seconds)
    frozen.await_freeze()
    time.sleep(pause_seconds)

    frozen.thaw()
    ledger.await_ends()

    assert ledger.story(CHARLIE) == ["begun", "released", "begun", "sent"]
    assert relay.copies == {CHARLIE: 1}
    assert ledger.faults() == []

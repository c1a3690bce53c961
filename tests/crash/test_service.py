"""The whole service under load, killed again and again, and without its relay."""

import time

import pytest

from couvert.domain.delivery import State
from tests.crash.clients import Waiting, post
from tests.crash.conftest import MAX_IN_FLIGHT
from tests.crash.dice import ROUNDS, dice
from tests.crash.load import Load
from tests.crash.relay import Relay

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ALICE, BOB = "alice@example.com", "bob@example.com"


@pytest.mark.parametrize("recipients", [[ALICE], [ALICE, BOB]])
def test_nobody_is_answered_before_the_mail_is_kept(recipients, service, key, ledger):
    service.start()

    with ledger.kept_from_writers():
        waiting = Waiting(service, key, *recipients)
        time.sleep(0.7)
        was_answered = waiting.is_answered

    assert waiting.answer().status == 200
    assert not was_answered
    assert ledger.emails() == set(recipients)


def test_killed_again_and_again_it_keeps_every_promise(service, key, relay, ledger):
    relay.seconds = 0.01
    chance = dice()
    begun: set[str] = set()
    service.start()

    with Load(service, key) as load:
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.2, 1.0))
            service.kill()
            in_flight = ledger.begun() - begun
            assert len(in_flight) <= MAX_IN_FLIGHT
            begun |= in_flight
            service.start()
            assert service.run("audit").returncode == 0
    ledger.await_ends()

    emails = [entry.email for entry in ledger.entries()]
    assert len(emails) == len(set(emails)), "a mail was accepted twice under one key"
    assert load.promised <= set(emails)
    assert load.sent <= ledger.in_state(State.SENT)
    assert ledger.in_state(State.UNKNOWN) <= begun
    assert {entry.state for entry in ledger.entries()} <= {State.SENT, State.UNKNOWN}
    assert ledger.in_state(State.SENT) <= relay.copies.keys()
    assert set(relay.copies.values()) == {1}
    assert len(load.promised) > 10 * ROUNDS
    assert service.run("audit").returncode == 0


def test_killed_while_it_starts_for_the_first_time_it_starts_all_the_same(service):
    chance = dice()
    for _ in range(ROUNDS):
        service.begin()
        time.sleep(chance.uniform(0.2, 0.6))
        service.kill()

    service.start()

    assert service.run("audit").returncode == 0


def test_mail_waits_for_a_relay_that_is_down_and_goes_when_it_is_back(service, key, relay, ledger):
    relay.close()
    service.start()
    answer = post(service, key, ALICE)
    assert (answer.status, answer.body["message"]) == (200, "Email queued")
    assert ledger.in_state(State.QUEUED) == {ALICE}

    returned = Relay(relay.port)
    try:
        ledger.await_ends()
    finally:
        returned.close()

    assert ledger.story(ALICE) == ["begun", "sent"]
    assert returned.copies == {ALICE: 1}
    assert service.run("audit").returncode == 0

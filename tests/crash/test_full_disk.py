"""A disk that is full: requests are refused, nothing is lost or left in doubt, and room is enough to go on."""

import time

import pytest

from couvert.domain.delivery import State
from tests.crash.clients import Waiting
from tests.crash.load import Load
from tests.crash.relay import VERDICT
from tests.crash.until import until

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ALICE = "alice@example.com"
PAST_THE_LEASE = 1.5


def test_on_a_full_disk_it_refuses_loses_nothing_and_resumes(service, key, relay, ledger):
    relay.seconds = 0.02
    service.start()

    with Load(service, key) as load:
        time.sleep(0.7)
        service.fill_disk()
        until(lambda: load.answers[503], "it refuses")
        time.sleep(PAST_THE_LEASE)
        before = len(load.promised)
        service.make_room()
        until(lambda: len(load.promised) > before + 10, "it accepts again")
    ledger.await_ends()

    assert load.promised <= ledger.in_state(State.SENT)
    assert {entry.state for entry in ledger.entries()} == {State.SENT}
    assert set(relay.copies.values()) == {1}
    assert {status for status, _ in load.refusals} == {503}
    assert all(sorted(answer.body) == ["details", "error_type", "message", "status"] for answer in load.refusals)
    assert service.run("audit").returncode == 0


@pytest.fixture
def log_on_the_same_disk(service, directory):
    """So long already that no line fits behind it once the disk is full."""
    with (directory / "couvert.log").open("a") as log:
        log.truncate(1 << 30)
        service.log = log
        yield


@pytest.mark.usefixtures("log_on_the_same_disk")
def test_on_a_full_disk_with_its_log_it_goes_on_without_a_word(service, key, relay, ledger):
    relay.seconds = 0.02
    service.start()

    with Load(service, key) as load:
        time.sleep(0.7)
        service.fill_disk()
        until(lambda: load.answers[503], "it refuses")
        time.sleep(PAST_THE_LEASE)
        service.make_room()
        before = len(load.promised)
        until(lambda: len(load.promised) > before + 50, "it accepts again")
    ledger.await_ends()
    service.terminate()

    assert service.exit_code() == 0
    assert {entry.state for entry in ledger.entries()} == {State.SENT}
    assert {status for status, _ in load.refusals} == {503}


@pytest.fixture
def taken_but_not_recorded(service, key, relay):
    """The relay has taken Alice's mail, and there is no room to write that down."""
    let_go = relay.hold(VERDICT, ALICE)
    service.start()
    waiting = Waiting(service, key, ALICE)
    relay.await_hold(VERDICT, ALICE)
    service.fill_disk()
    let_go.set()
    time.sleep(PAST_THE_LEASE)
    yield
    waiting.end()


@pytest.mark.usefixtures("taken_but_not_recorded")
def test_an_outcome_that_finds_the_disk_full_is_recorded_once_there_is_room(service, ledger, relay):
    service.make_room()
    ledger.await_ends()

    assert ledger.story(ALICE) == ["begun", "sent"]
    assert relay.copies == {ALICE: 1}
    assert service.run("audit").returncode == 0


@pytest.mark.usefixtures("taken_but_not_recorded")
def test_told_to_stop_on_a_full_disk_it_stays_for_what_only_it_knows(service, ledger):
    service.terminate()
    time.sleep(0.5)
    service.make_room()

    assert service.exit_code() == 0
    assert ledger.story(ALICE) == ["begun", "sent"]


@pytest.mark.usefixtures("taken_but_not_recorded")
def test_killed_before_an_outcome_found_room_on_the_disk_it_holds_the_delivery(service, ledger, relay):
    service.kill()
    service.start()
    ledger.await_ends()

    assert ledger.story(ALICE) == ["begun", "unknown"]
    assert relay.copies == {ALICE: 1}
    assert service.run("audit").returncode == 0

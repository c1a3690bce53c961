"""The whole service under load: killed, told to stop, without its relay, and on a full disk."""

import os
import random
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPException

import pytest

from couvert.domain.delivery import State
from tests.crash.crew import environment
from tests.crash.load import Load
from tests.crash.relay import VERDICT, Relay
from tests.crash.service import Answer, Service, post_mail
from tests.crash.until import until

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "6"))
SEED = int(os.environ.get("CRASH_SEED", "1"))
MAX_IN_FLIGHT = 16
ALICE = "alice@example.com"
PAST_THE_LEASE = 1.5


@pytest.fixture
def service(directory, relay):
    service = Service(directory, transport=relay.url, lease_seconds=1, max_in_flight=MAX_IN_FLIGHT)
    yield service
    service.close()


@pytest.fixture
def key(service):
    return service.key()


def test_killed_again_and_again_it_keeps_every_promise(service, key, relay, ledger):
    relay.seconds = 0.01
    chance = random.Random(SEED)
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
    chance = random.Random(SEED)
    for _ in range(ROUNDS):
        service.begin()
        time.sleep(chance.uniform(0.2, 0.6))
        service.kill()

    service.start()

    assert service.run("audit").returncode == 0


# --- Told to stop -----------------------------------------------------------------------------------------------------


def test_told_to_stop_under_load_it_ends_what_it_began_and_leaves_no_doubt(service, key, relay, ledger):
    relay.seconds = 0.02
    service.start()

    with Load(service, key) as load:
        time.sleep(1.5)
        service.terminate()
        assert service.exit_code() == 0

    assert ledger.begun() == set()
    assert ledger.leased() == set()
    assert {entry.state for entry in ledger.entries()} <= {State.SENT, State.QUEUED}
    assert load.promised <= {entry.email for entry in ledger.entries()}
    assert relay.copies == dict.fromkeys(ledger.in_state(State.SENT), 1)
    assert service.run("audit").returncode == 0


def test_whoever_waits_for_an_outcome_gets_it_from_a_service_that_was_told_to_stop(service, key, relay, ledger):
    let_go = relay.hold(VERDICT, ALICE)
    service.start()
    waiting = Waiting(service, key, ALICE)
    relay.await_hold(VERDICT, ALICE)

    service.terminate()
    time.sleep(0.3)
    let_go.set()

    answer = waiting.answer()
    assert service.exit_code() == 0
    assert (answer.status, answer.body["message"]) == (200, "Email sent successfully")
    assert ledger.in_state(State.SENT) == {ALICE}


STOPPED_EARLY = """
import signal
from couvert.cli import main, serve

def stop_and_run(*given, run=serve._run):
    import uvicorn
    uvicorn.Server.run = lambda *_, run=uvicorn.Server.run, **given: (signal.raise_signal(15), run(*_, **given))
    run(*given)

serve._run = stop_and_run
main()
"""


def test_told_to_stop_before_it_listens_it_stops(directory):
    command = [sys.executable, "-c", STOPPED_EARLY, "serve", "--port", "0", "--data", str(directory)]

    assert subprocess.run(command, cwd=directory, env=environment({}), timeout=20, check=False).returncode == 0


# --- Without a relay --------------------------------------------------------------------------------------------------


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


# --- On a full disk ---------------------------------------------------------------------------------------------------


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


# --- A client ---------------------------------------------------------------------------------------------------------


def post(service: Service, key: str, recipient: str) -> Answer:
    connection = service.connection()
    try:
        return post_mail(connection, key, [recipient])
    finally:
        connection.close()


class Waiting:
    """Somebody whose request is under way."""

    def __init__(self, service: Service, key: str, recipient: str) -> None:
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=self._post, args=(service, key, recipient))
        self._thread.start()

    def answer(self) -> Answer:
        self.end()
        [answer] = self._answers
        return answer

    def end(self) -> None:
        self._thread.join(30)

    def _post(self, *given) -> None:
        with suppress(OSError, HTTPException):
            self._answers.append(post(*given))

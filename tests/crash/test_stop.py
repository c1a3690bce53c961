"""A service that is told to stop ends what it began, answers who waits, and leaves nothing in doubt."""

import resource
import subprocess
import sys
import time

import pytest

from couvert.domain.delivery import State
from tests.crash.clients import Waiting
from tests.crash.crew import environment
from tests.crash.load import Load
from tests.crash.relay import VERDICT
from tests.crash.service import Service

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ALICE = "alice@example.com"


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
    assert load.promised <= ledger.emails()
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


def test_a_request_that_is_cut_off_at_the_stop_is_told_so_in_its_own_form(directory, relay, service, key):
    let_go = relay.hold(VERDICT, ALICE)
    stopping = Service(directory, transport=relay.url, stop_seconds=1)
    stopping.start()
    waiting = Waiting(stopping, key, ALICE)
    relay.await_hold(VERDICT, ALICE)

    stopping.terminate()
    answer = waiting.answer()
    let_go.set()

    assert stopping.exit_code() == 0
    assert (answer.status, answer.body["error_type"]) == (503, "unavailable")
    assert "may have been accepted" in answer.body["details"]


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


def test_a_connection_that_is_kept_alive_does_not_hold_the_stop_up(service):
    service.start()
    connection = service.connection()
    connection.request("GET", "/v1/health")
    connection.getresponse().read()
    started = time.monotonic()

    service.terminate()

    assert service.exit_code() == 0
    assert time.monotonic() - started < 5
    connection.close()


def test_it_takes_as_many_connections_as_the_system_grants(service):
    service.start()

    soft, hard = resource.prlimit(service.child.pid, resource.RLIMIT_NOFILE)

    assert soft == hard

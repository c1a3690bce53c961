"""The command line beside a service that runs, and without one: the same effect, the same answer."""

import re
import signal
import threading
import time

import pytest

from couvert.domain.delivery import State
from couvert.wiring import ServeLock
from tests.crash.clients import post
from tests.crash.relay import VERDICT

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ALICE = "alice@example.com"
LETTER = ("--from", "shop@example.org", "--subject", "News for {{name}}", "--html", "letter.html")
LIST = ["email,name", *(f"r{n}@example.com,Number {n}" for n in range(30)), "R0@EXAMPLE.com,Repeated"]


@pytest.fixture(autouse=True)
def _files(directory):
    (directory / "letter.html").write_text("<p>Hello {{name}}</p>")
    (directory / "list.csv").write_text("\n".join(LIST))
    (directory / "header.csv").write_text("email,name\n")


@pytest.fixture(params=["served", "unserved"])
def couvert(request, service):
    """`couvert("send", ...)`: the answer's exit code, stdout and stderr."""
    if request.param == "served":
        service.start()
    return service.run


def test_send_says_what_became_of_the_mail(couvert, relay):
    answer = couvert("send", "--to", ALICE, *LETTER)

    assert answer.returncode == 0
    assert re.fullmatch(r"dlv_\w{13} sent\n", answer.stdout)
    assert relay.copies == {ALICE: 1}


def test_show_tells_the_mails_story(couvert):
    delivery = couvert("send", "--to", ALICE, *LETTER).stdout.split()[0]

    shown = couvert("show", delivery)

    assert shown.returncode == 0
    assert ALICE in shown.stdout
    assert re.findall(r"Z  (?:mail|delivery)\.(\w+)", shown.stdout) == ["accepted", "begun", "sent"]


def test_send_says_who_goes_on_with_what_could_not_be_sent(service, relay):
    relay.close()

    answer = service.run("send", "--to", ALICE, *LETTER)

    assert answer.returncode == 0
    assert re.fullmatch(r"dlv_\w{13} queued: .+; `couvert serve` goes on with it\n", answer.stdout)


def test_send_that_comes_to_nothing_says_why_and_fails(couvert, relay):
    relay.drops[ALICE] = 1

    answer = couvert("send", "--to", ALICE, *LETTER)

    assert answer.returncode == 1
    assert re.fullmatch(r"dlv_\w{13} unknown: .+\n", answer.stdout)


def test_bulk_goes_on_until_everybody_has_an_outcome_and_adds_up(couvert, relay, ledger):
    relay.drops["r7@example.com"] = 1

    answer = couvert("bulk", "list.csv", *LETTER)

    assert answer.returncode == 1  # not everybody's was sent for certain
    assert "31/31" in answer.stderr
    assert re.findall(r"(\w+)  (\d+)", answer.stdout)[:3] == [("unknown", "1"), ("sent", "30"), ("recipients", "31")]
    assert re.search(r"mail  mail_\w{13}\n", answer.stdout)
    assert len(ledger.in_state(State.SENT)) == 30
    assert set(relay.copies.values()) == {1}


def test_a_key_made_beside_the_service_is_good_at_once_and_a_deleted_one_no_more(service):
    service.start()
    key = service.run("key", "create", "--name", "shop", "--origin", "app.example.com").stdout.strip()

    accepted = post(service, key, ALICE)
    [listed] = service.run("key", "list").stdout.splitlines()
    service.run("key", "delete", listed.split()[0])
    refused = post(service, key, ALICE)

    assert re.fullmatch(r"ak_[0-9a-f]{40}", key)
    assert (accepted.status, refused.status) == (200, 401)


def test_bulk_outlives_the_service_it_follows(service, relay, ledger):
    let_go = relay.hold(VERDICT, "r3@example.com")
    service.start()
    answers = []
    following = threading.Thread(target=lambda: answers.append(service.run("bulk", "list.csv", *LETTER)))
    following.start()
    relay.await_hold(VERDICT, "r3@example.com")

    service.kill()
    let_go.set()
    service.start()
    following.join(60)

    assert "31/31" in answers[0].stderr
    assert "r3@example.com" in ledger.in_state(State.UNKNOWN)
    assert set(relay.copies.values()) == {1}


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_bulk_that_is_interrupted_ends_what_it_began_and_keeps_the_rest(signal_number, service, relay, ledger):
    let_go = relay.hold(VERDICT, "r3@example.com")
    relay.seconds = 1.0
    sending = service.popen("bulk", "list.csv", *LETTER)
    relay.await_hold(VERDICT, "r3@example.com")

    sending.send_signal(signal_number)
    time.sleep(0.3)
    let_go.set()

    assert sending.wait(20) == 0
    assert "Those still queued are kept" in sending.stdout.read()
    sending.stdout.close()
    assert "r3@example.com" in ledger.in_state(State.SENT)
    assert ledger.in_state(State.QUEUED)
    assert ledger.begun() == ledger.leased() == set()


def test_a_second_service_on_the_same_data_does_not_start(service):
    service.start()

    answer = service.run("serve", "--port", "0")

    assert answer.returncode == 2
    assert re.fullmatch(r"couvert: COUVERT_DATA_DIR: .+ is served by another process; .+\n", answer.stderr)


def test_to_ask_whether_a_service_runs_keeps_none_from_starting(directory):
    served, is_over = ServeLock(directory), threading.Event()
    (directory / "serve.lock").touch()

    def ask():
        while not is_over.is_set():
            ServeLock(directory).is_taken()

    asking = threading.Thread(target=ask)
    asking.start()
    served.take()
    is_over.set()
    asking.join()

    assert ServeLock(directory).is_taken()
    assert served._file is not None
    served._file.close()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("send", "--to", "nobody", *LETTER), "--to nobody: "),
        (("send", "--to", ALICE, *LETTER[:-1], "lost.html"), "lost.html: cannot be read"),
        (("send", "--to", ALICE, *LETTER, "--subject", "{{nope}}"), 'subject uses the variable "nope"'),
        (("bulk", "letter.html", *LETTER), "letter.html: line 1: must name the columns"),
        (("bulk", "header.csv", *LETTER), "header.csv: has no recipients"),
        (("bulk", "header.csv", *LETTER, "--dry-run"), "header.csv: has no recipients"),
        (("show", "dlv_nonsense"), "dlv_nonsense is neither a mail's id nor a delivery's"),
        (("send", "--to", ALICE, *LETTER, "--data", "letter.html"), "COUVERT_DATA_DIR: letter.html cannot be used"),
        (("serve", "--data", "letter.html/x"), "COUVERT_DATA_DIR: letter.html/x cannot be used"),
    ],
)
def test_wrong_use_is_answered_with_one_line(command, sentence, service):
    answer = service.run(*command)

    assert answer.returncode == 2
    assert answer.stdout == ""
    assert re.fullmatch(r"couvert: .+\n", answer.stderr)
    assert sentence in answer.stderr

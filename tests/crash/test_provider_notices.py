"""From `couvert serve` to `couvert simulate-ses` and back: what becomes of a mail is told as it was, by every door."""

import pytest

from couvert.domain.delivery import State
from couvert.simulator.testing import simulated_ses_process
from tests.crash.clients import post
from tests.crash.ledger import Ledger
from tests.crash.simulated import NOTICES_PATH, QUEUE, client, is_confirmed, notices_under_way, service_on, subscribe
from tests.crash.until import until

pytestmark = [pytest.mark.crash, pytest.mark.slow]

TAKEN, BOUNCED, COMPLAINED = (f"{name}@simulator.amazonses.com" for name in ("success", "bounce", "complaint"))
DELAYED, BACK_LATER, CHARLIE = "bob@slow.example.com", "dora@full.example.com", "charlie@example.com"
OUTCOMES = {"@slow.example.com": "delay", "@full.example.com": "soft_bounce"}
SNS_1, SNS_2, SQS = ("sns", 1), ("sns", 2), ("sqs", 1)
by_all_doors = pytest.mark.parametrize("door", [SNS_1, SNS_2, SQS], ids=["SNS, signed 1", "SNS, signed 2", "SQS"])
by_both_doors = pytest.mark.parametrize("door", [SNS_2, SQS], ids=["SNS", "SQS"])


@pytest.fixture
def door():
    """By which notices come in, and how they are signed."""
    return SNS_2


@pytest.fixture
def ses(door):
    name, version = door
    queue = ["--raw-queue", QUEUE] if name == "sqs" else []
    with simulated_ses_process("--signature-version", str(version), *queue) as ses:
        yield ses


@pytest.fixture
def service(directory, ses, door):
    name, _ = door
    service = service_on(directory, ses, by=[name], lease_seconds=1)
    service.start()
    if name == "sns":
        subscribe(ses, service)
        until(lambda: is_confirmed(ses), "the service has confirmed the subscription")
    yield service
    service.close()


@pytest.fixture
def told(ses, ledger):
    """`told()`: once every notice was brought and read."""

    def told():
        until(lambda: notices_under_way(ses) == 0, "all notices were brought")
        until(lambda: ledger.unread() == 0, "all notices were read")

    return told


def states(ledger: Ledger) -> dict[str, State]:
    return {entry.email: entry.state for entry in ledger.entries()}


@by_all_doors
def test_what_becomes_of_each_mail_is_told(service, key, ses, ledger, told):
    ses.faults(outcomes=OUTCOMES)

    post(service, key, TAKEN, BOUNCED, COMPLAINED, DELAYED, BACK_LATER)
    ledger.await_ends()
    told()

    assert states(ledger) == {
        TAKEN: State.DELIVERED,
        BOUNCED: State.BOUNCED,
        COMPLAINED: State.COMPLAINED,
        DELAYED: State.DELIVERED,
        BACK_LATER: State.BOUNCED,
    }
    # In whatever order they were brought: nobody promises one.
    assert sorted(ledger.story(DELAYED)) == ["begun", "delayed", "delivered", "sent"]
    assert ledger.faults() == []


def test_who_bounced_or_complained_is_sent_nothing_more_and_who_was_full_is(service, key, ses, ledger, told):
    ses.faults(outcomes=OUTCOMES)
    post(service, key, BOUNCED, COMPLAINED, BACK_LATER)
    ledger.await_ends()
    told()

    post(service, key, BOUNCED, COMPLAINED, BACK_LATER)
    ledger.await_ends()
    told()

    assert ses.copies() == {BOUNCED: 1, COMPLAINED: 1, BACK_LATER: 2}
    assert sorted(entry.state for entry in ledger.entries() if entry.email != BACK_LATER) == [
        State.BOUNCED, State.COMPLAINED, State.SUPPRESSED, State.SUPPRESSED,
    ]  # fmt: skip
    assert ledger.faults() == []


@by_both_doors
def test_notices_that_come_twice_late_and_in_any_order_are_each_told_once(service, key, ses, ledger, told):
    notices = {"duplicate": {"probability": 0.5}, "shuffle": True, "late": {"probability": 0.3}, "late_ms": 1_000}
    ses.faults(outcomes={"@late.example.com": "complaint"}, notices=notices)
    everybody = [f"r{n}@late.example.com" for n in range(20)]

    post(service, key, *everybody)
    ledger.await_ends()
    told()

    assert states(ledger) == dict.fromkeys(everybody, State.COMPLAINED)
    assert ledger.events()["delivery.delivered.v1"] == len(everybody)
    assert ledger.events()["delivery.complained.v1"] == len(everybody)
    assert ledger.faults() == []


@by_both_doors
def test_a_mail_of_which_nobody_knows_whether_it_was_sent_is_decided_by_its_notice(service, key, ses, ledger, told):
    ses.faults(lose_answer={"next": 1}, notices={"after_ms": 500})

    post(service, key, CHARLIE)
    ledger.await_ends()
    told()

    assert ledger.events()["delivery.unknown.v1"] == 1
    assert states(ledger) == {CHARLIE: State.DELIVERED}
    assert ses.copies() == {CHARLIE: 1}
    assert ledger.faults() == []


@by_both_doors
def test_what_was_told_while_nobody_served_is_told_afterwards(service, key, ses, ledger, told):
    ses.faults(notices={"after_ms": 800})
    post(service, key, CHARLIE)
    service.kill()
    until(lambda: ses.state()["noticesPublished"] == 2, "its notices were published")

    service.start()
    told()

    assert states(ledger) == {CHARLIE: State.DELIVERED}
    assert ledger.faults() == []


@pytest.mark.parametrize("door", [SNS_1, SNS_2])
def test_a_notice_that_is_signed_for_another_text_is_refused_and_not_kept(service, key, ses, ledger, told):
    ses.faults(notices={"bad_signature": {"probability": 1}})

    post(service, key, BOUNCED)
    told()

    assert states(ledger) == {BOUNCED: State.SENT}
    assert ledger.notices() == 1  # the one that asked whether we want the others


def test_a_topic_that_nobody_named_in_the_settings_is_not_confirmed(service, ses, ledger):
    sns = client("sns", ses)
    topic = sns.create_topic(Name="of-somebody-else")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{service.port}{NOTICES_PATH}")
    until(lambda: notices_under_way(ses) == 0, "it was asked")

    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert subscription["SubscriptionArn"] == "PendingConfirmation"
    assert ledger.notices() == 1

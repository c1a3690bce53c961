"""The queue's handler under Lambda's own runtime client: what a batch becomes, in time, in pieces and after a crash."""

import json
import resource

import boto3
import pytest

from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.simulator.testing import SimulatedSes
from tests.aws_lambda.events import SCHEDULE, mails, record, sqs_event
from tests.crash.until import until
from tests.workers.queue.post import body

pytestmark = [pytest.mark.slow]

NONE_FAILED: dict[str, list[object]] = {"batchItemFailures": []}
ALICE, BOB, CHARLIE = "alice@example.org", "bob@example.org", "charlie@example.org"


def test_a_batch_is_sent_within_its_invocation_by_a_cold_container_and_by_a_warm_one(start, aws, ledger):
    container = start("queue")

    assert container.invoke(mails(ALICE, BOB)) == NONE_FAILED
    assert ledger.in_state(State.SENT) == {ALICE, BOB}

    assert container.invoke(mails(CHARLIE)) == NONE_FAILED
    assert ledger.in_state(State.SENT) == {ALICE, BOB, CHARLIE}
    assert set(aws.copies().values()) == {1}
    assert ledger.leased() == set()
    assert ledger.faults() == []


def test_a_malformed_message_is_kept_and_blocks_none_of_its_batch(start, aws, ledger):
    container = start("queue")
    event = mails(ALICE)
    event["Records"] += [record("{"), record(body(recipient_email="nobody")), record(body(html_template="{{what}}"))]

    assert container.invoke(event) == NONE_FAILED

    assert aws.copies() == {ALICE: 1}
    assert ledger.emails() == {ALICE}


def test_a_message_that_comes_again_is_not_sent_again(start, aws):
    container = start("queue")
    container.invoke(mails(ALICE, ALICE))

    assert container.invoke(mails(ALICE)) == NONE_FAILED

    assert aws.copies() == {ALICE: 1}


def test_what_could_not_be_committed_is_given_back_and_the_rest_is_not(start, aws, ledger, tmp_path):
    container = start("queue")
    container.invoke(mails(ALICE))
    full = (tmp_path / "data" / "couvert.db-wal").stat().st_size
    resource.prlimit(container.child.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    event = mails(ALICE, BOB)

    # Alice's is known: nothing has to be committed for it.
    failed = container.invoke(event)
    resource.prlimit(container.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    assert failed == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert ledger.emails() == {ALICE}
    assert container.invoke(event) == NONE_FAILED
    assert aws.copies() == {ALICE: 1, BOB: 1}


def test_what_is_accepted_while_the_provider_is_away_is_sent_by_whoever_comes_next(start, aws, ledger):
    away = start("queue", transport="smtp://127.0.0.1:1")

    assert away.invoke(mails(ALICE, BOB)) == NONE_FAILED
    assert ledger.in_state(State.QUEUED) == {ALICE, BOB}
    assert ledger.leased() == set()
    away.kill()

    assert start("queue").invoke(SCHEDULE) is None
    assert ledger.in_state(State.SENT) == {ALICE, BOB}
    assert set(aws.copies().values()) == {1}


def test_what_is_not_handed_over_when_the_time_runs_out_is_given_back(start, aws, ledger):
    aws.faults(rate=2)
    container = start("queue")
    people = [f"{n}@example.org" for n in range(10)]

    assert container.invoke(mails(*people), seconds=3) == NONE_FAILED
    sent = ledger.in_state(State.SENT)
    assert 0 < len(sent) < 10
    assert ledger.in_state(State.QUEUED) == set(people) - sent
    assert (ledger.leased(), ledger.begun()) == (set(), set())

    aws.faults()
    while ledger.in_state(State.QUEUED):
        container.invoke(SCHEDULE)
    assert aws.copies() == dict.fromkeys(people, 1)


def test_a_container_that_is_killed_while_it_hands_over_sends_nothing_twice(start, aws, ledger):
    aws.faults(slow_ms=60_000, slow={"next": 1})
    container = start("queue")
    container.invoke(SCHEDULE)
    container.begin(mails(ALICE, BOB))
    until(aws.copies, "the provider has one")
    until(ledger.begun, "one is begun")
    container.kill()
    aws.faults()

    again = start("queue")
    assert again.invoke(mails(ALICE, BOB)) == NONE_FAILED
    until(lambda: again.invoke(SCHEDULE) is None and not ledger.unfinished(), "the lost leases have run out")

    assert set(aws.copies().values()) == {1}
    assert ledger.in_state(State.SENT) <= set(aws.copies())
    assert len(ledger.in_state(State.UNKNOWN)) >= 1
    assert ledger.in_state(State.UNKNOWN) | ledger.in_state(State.SENT) == {ALICE, BOB}
    assert ledger.faults() == []


def test_a_hand_over_that_outlasts_its_invocation_is_in_doubt_and_not_repeated(start, aws, ledger):
    aws.faults(slow_ms=60_000, slow={"next": 1})
    container = start("queue")

    assert container.invoke(mails(ALICE), seconds=4) == NONE_FAILED
    until(lambda: container.invoke(SCHEDULE) is None and not ledger.begun(), "its lease has run out")

    assert ledger.in_state(State.UNKNOWN) == {ALICE}
    assert aws.copies() == {ALICE: 1}


# --- Results ----------------------------------------------------------------------------------------------------------


def test_results_are_told_within_the_invocation(start, post):
    results = post("results")
    container = start("queue", result_queue_url="sqs://results")

    container.invoke(sqs_event(*mails(ALICE)["Records"], record("{")))
    container.invoke(mails(ALICE))

    told = [json.loads(message["Body"]) for message in results.received()]
    assert [(each["recipient"], each["success"]) for each in told] == [(ALICE, True), (None, False), (ALICE, True)]


def test_malformed_messages_go_to_the_dead_letter_queue(start, post):
    dead = post("dead")
    container = start("queue", dead_letter_queue_url="sqs://dead")

    container.invoke(sqs_event(record("{")))

    assert [message["Body"] for message in dead.received()] == ["{"]


def test_results_wait_for_a_queue_that_is_away_and_hold_nobody_up(start, post, ledger):
    container = start("queue", result_queue_url="sqs://results")
    assert container.invoke(mails(ALICE)) == NONE_FAILED
    assert ledger.in_state(State.SENT) == {ALICE}
    results = post("results")

    container.invoke(SCHEDULE)

    assert [json.loads(message["Body"])["recipient"] for message in results.received()] == [ALICE]


# --- Notices ----------------------------------------------------------------------------------------------------------


def test_notices_of_a_queue_are_fetched_and_read_by_later_invocations(start, aws, post, ledger):
    post("notices")
    subscribed(aws, "notices")
    transport = "ses://us-east-1?configuration_set=couvert"
    container = start("queue", notice_queue_url="sqs://notices", transport=transport)
    assert container.invoke(mails(ALICE, "bounce@simulator.amazonses.com")) == NONE_FAILED

    until(lambda: container.invoke(SCHEDULE) is None and ledger.in_state(State.DELIVERED), "a delivery is told of")
    until(lambda: container.invoke(SCHEDULE) is None and ledger.in_state(State.BOUNCED), "a bounce is told of")

    assert ledger.in_state(State.DELIVERED) == {ALICE}
    assert ledger.unread() == 0


def test_a_notice_queue_that_is_not_there_holds_nobody_up(start, aws, ledger):
    container = start("queue", notice_queue_url="sqs://notices")

    assert container.invoke(mails(ALICE)) == NONE_FAILED

    assert ledger.in_state(State.SENT) == {ALICE}


def subscribed(aws: SimulatedSes, name: str) -> None:
    """The queue gets what SES publishes."""
    sns = boto3.client("sns", endpoint_url=aws.url, region_name="us-east-1")
    sns.subscribe(
        TopicArn="arn:aws:sns:us-east-1:123456789012:couvert-notices",
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:123456789012:{name}",
        Attributes={"RawMessageDelivery": "true"},
    )


# --- Messages of our own ----------------------------------------------------------------------------------------------


def test_a_message_about_a_delivery_that_is_not_there_is_settled(start, aws):
    container = start("queue")

    assert container.invoke(sqs_event(record(body(), couvert_delivery_id=ids.encode("dlv", 4711)))) == NONE_FAILED
    assert aws.copies() == {}

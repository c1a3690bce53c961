"""What is told of mails, on queues."""

import json
import time
from collections import Counter
from typing import Any

import pytest

from couvert.simulator.testing import simulated_ses
from tests.simulator.letters import raw_letter

TOPIC = "arn:aws:sns:us-east-1:123456789012:couvert-notices"


@pytest.fixture
def ses():
    with simulated_ses(queues=("wrapped",), raw_queues=("raw",)) as running:
        yield running


@pytest.fixture
def told(ses, client):
    sqs = client("sqs")

    def told(most, queue="raw"):
        """The bodies that come, up to `most`, in the order in which they come."""
        bodies: list[dict[str, Any]] = []
        url, until = sqs.get_queue_url(QueueName=queue)["QueueUrl"], time.monotonic() + 10
        while len(bodies) < most and time.monotonic() < until:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
            bodies += [json.loads(message["Body"]) for message in found]
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        return bodies

    return told


@pytest.fixture
def send(client):
    sesv2 = client("sesv2")

    def send(*recipients):
        tags = [{"Name": "couvert-delivery", "Value": "dlv_1"}]
        letter = raw_letter(Destination={"ToAddresses": list(recipients)})
        return sesv2.send_email(**letter, EmailTags=tags, ConfigurationSetName="couvert")["MessageId"]

    return send


def test_a_delivery_is_told_with_our_tags_as_lists(send, told):
    message_id = send("bob@example.com")

    sent, delivered = told(2)

    assert (sent["eventType"], sent["send"]) == ("Send", {})
    assert delivered["eventType"] == "Delivery"
    assert delivered["delivery"]["recipients"] == delivered["mail"]["destination"] == ["bob@example.com"]
    assert delivered["mail"]["messageId"] == message_id
    assert delivered["mail"]["tags"]["couvert-delivery"] == ["dlv_1"]
    assert delivered["mail"]["tags"]["ses:configuration-set"] == ["couvert"]
    assert {"name": "Subject", "value": "Hello"} in delivered["mail"]["headers"]
    assert delivered["mail"]["commonHeaders"]["subject"] == "Hello"


@pytest.mark.parametrize(
    ("recipient", "events"),
    [
        ("success@simulator.amazonses.com", ["Send", "Delivery"]),
        ("bounce+label@simulator.amazonses.com", ["Send", "Bounce Permanent General"]),
        ("complaint@simulator.amazonses.com", ["Send", "Delivery", "Complaint"]),
        ("ooto@simulator.amazonses.com", ["Send", "Delivery", "Bounce Transient MailboxFull"]),
        ("suppressionlist@simulator.amazonses.com", ["Send", "Bounce Permanent Suppressed"]),
        ("soft@example.com", ["Send", "Bounce Transient MailboxFull"]),
        ("slow@example.com", ["Send", "DeliveryDelay", "Delivery"]),
        ("virus@example.com", ["Reject"]),
        ("anybody@template.example", ["Rendering Failure"]),
    ],
)
def test_some_addresses_act_out_what_happens_to_mail(ses, send, told, recipient, events):
    outcomes = {"soft@example.com": "soft_bounce", "slow@example.com": "delay", "virus@example.com": "reject"}
    ses.faults(outcomes={**outcomes, "@template.example": "rendering_failure"})

    send(recipient)

    assert [named(event) for event in told(len(events))] == events


def named(event):
    bounce = event.get("bounce", {})
    return " ".join([event["eventType"], *(bounce[key] for key in ("bounceType", "bounceSubType") if bounce)])


def test_a_bounce_carries_the_words_of_the_other_side(send, told):
    send("bounce@simulator.amazonses.com")

    bounce = told(2)[1]["bounce"]

    assert bounce["bouncedRecipients"] == [{
        "emailAddress": "bounce@simulator.amazonses.com",
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 user unknown",
    }]  # fmt: skip


def test_on_a_queue_of_sns_it_stands_in_its_envelope(send, told):
    send("bob@example.com")

    envelopes = told(2, "wrapped")

    assert {one["Type"] for one in envelopes} == {"Notification"}
    assert {one["TopicArn"] for one in envelopes} == {"arn:aws:sns:us-east-1:123456789012:couvert-notices"}
    assert {one["Subject"] for one in envelopes} == {"Amazon SES Email Event Notification"}
    assert Counter(json.loads(one["Message"])["eventType"] for one in envelopes) == {"Send": 1, "Delivery": 1}


def test_each_recipient_has_a_notice_of_its_own(send, told):
    send("a@example.com", "b@example.com")

    assert sorted(affected(event) for event in told(3)) == [
        ["a@example.com"],
        ["a@example.com", "b@example.com"],
        ["b@example.com"],
    ]


def affected(event):
    return event.get("delivery", {}).get("recipients") or event["mail"]["destination"]


def test_recipients_share_a_notice_and_strangers_join_on_demand(ses, send, told):
    ses.faults(notices={"together": True, "stranger": {"next": 1}})

    send("a@example.com", "b@example.com")

    assert told(2)[1]["delivery"]["recipients"] == ["a@example.com", "b@example.com", "somebody.else@forwarded.example"]


def test_notices_come_twice_on_demand(ses, send, told):
    ses.faults(notices={"duplicate": {"next": 1}})

    send("bob@example.com")

    assert [event["eventType"] for event in told(3)] == ["Send", "Send", "Delivery"]


def test_notices_come_late_on_demand(ses, send, told):
    ses.faults(notices={"late": {"next": 1}, "late_ms": 300})

    send("bob@example.com")

    assert [event["eventType"] for event in told(2)] == ["Delivery", "Send"]


def test_notices_come_in_any_order_on_demand(ses, send, told):
    ses.faults(notices={"shuffle": True, "shuffle_ms": 200})

    for number in range(20):
        send(f"{number}@example.com")
    kinds = [event["eventType"] for event in told(40)]

    assert Counter(kinds) == {"Send": 20, "Delivery": 20}
    assert kinds != ["Send", "Delivery"] * 20


def test_nothing_is_told_without_a_configuration_set_or_when_told_not_to(ses, client, send, told):
    client("sesv2").send_email(**raw_letter())
    ses.faults(notices={"off": True})
    send("bob@example.com")

    assert ses.state()["noticesPublished"] == 0
    assert len(ses.mails()) == 2


def test_after_a_reset_nothing_of_before_is_told(ses, send, told):
    ses.faults(notices={"after_ms": 300})
    send("bob@example.com")
    ses.reset()
    time.sleep(0.4)

    assert ses.mails() == []
    assert ses.state()["noticesWaiting"] == ses.state()["noticesPublished"] == 0


@pytest.mark.parametrize("raw", ["true", "false"])
def test_a_queue_that_was_deleted_keeps_nobody_from_theirs(client, send, told, raw):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="gone")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": raw})
    sqs.delete_queue(QueueUrl=url)
    # As many as there are senders, each of which would stop at it.
    for _ in range(10):
        send("bob@example.com")

    assert len(told(20)) == 20
    assert len(told(20, "wrapped")) == 20


def test_a_topic_that_nobody_made_keeps_nobody_from_theirs(client, send, told):
    event = {"Enabled": True, "MatchingEventTypes": ["SEND"], "SnsDestination": {"TopicArn": f"{TOPIC}-of-nobody"}}
    client("sesv2").create_configuration_set_event_destination(
        ConfigurationSetName="couvert", EventDestinationName="nobody", EventDestination=event
    )
    send("bob@example.com")

    assert len(told(2)) == 2

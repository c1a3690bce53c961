"""The same calls to moto: where both have an answer, it is of one shape."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.simulator.letters import raw_letter


@pytest.fixture
def moto(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="us-east-1")


REFUSED_BY_BOTH = [
    ("send_message_batch", {"Entries": [{"Id": "a b", "MessageBody": "x"}]}),
    ("send_message_batch", {"Entries": [{"Id": "a", "MessageBody": "x"}] * 2}),
    ("send_message_batch", {"Entries": []}),
    ("delete_message_batch", {"Entries": []}),
    ("send_message", {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "Text", "StringValue": "x"}}}),
    ("send_message", {"MessageBody": "x", "MessageAttributes": {"a b": {"DataType": "String", "StringValue": "x"}}}),
    ("send_message", {"MessageBody": "x", "DelaySeconds": 901}),
    ("set_queue_attributes", {"Attributes": {"RedrivePolicy": '{"maxReceiveCount": 3}'}}),
    ("receive_message", {"MaxNumberOfMessages": 11}),
    ("get_queue_attributes", {"AttributeNames": ["Colour"]}),
]
"""Calls of SQS about a queue."""


def both(name, ours, theirs, work):
    return shape(work(ours(name))), shape(work(theirs(name)))


def shape(value):
    """Names and kinds; what is in them, and what travels with each answer, is nobody's business."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key not in {"ResponseMetadata", "NextToken"}}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def test_sending(ses, client, moto):
    moto("sesv2").create_email_identity(EmailIdentity="ann@example.com")

    ours, theirs = both("sesv2", client, moto, lambda sesv2: sesv2.send_email(**raw_letter()))

    assert ours == theirs == {"MessageId": "str"}
    assert len(ses.mails()) == 1, "moto answered for both"


def test_configuration_sets(client, moto):
    def work(sesv2):
        sesv2.create_configuration_set(ConfigurationSetName="own")
        return sesv2.get_configuration_set(ConfigurationSetName="own")

    ours, theirs = both("sesv2", client, moto, work)

    # Moto leaves all of them empty.
    assert ours.keys() >= {name for name, told in theirs.items() if name not in {"TrackingOptions", "VdmOptions"}}
    assert (ours["ConfigurationSetName"], ours["SendingOptions"]) == ("str", theirs["SendingOptions"])


def test_identities(client, moto):
    def work(sesv2):
        sesv2.create_email_identity(EmailIdentity="bob@example.com")
        return sesv2.list_email_identities()

    ours, theirs = both("sesv2", client, moto, work)

    assert ours == theirs


def test_messages_on_queues(client, moto):
    def work(sqs):
        url = sqs.create_queue(QueueName="mails")["QueueUrl"]
        attributes = {"kind": {"StringValue": "x", "DataType": "String"}}
        entries = [{"Id": "b", "MessageBody": "y"}]
        sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
        batch = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        handles = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(found["Messages"])]
        deleted = sqs.delete_message_batch(QueueUrl=url, Entries=handles)
        return {"sent": sent, "batch": batch, "found": found, "deleted": deleted}

    ours, theirs = both("sqs", client, moto, work)

    assert without(ours, "Failed") == without(theirs, "Failed")


def test_checksums_of_attributes(client, moto):
    attributes = {
        "b": {"StringValue": "1.5", "DataType": "Number"},
        "a": {"BinaryValue": b"\xff", "DataType": "Binary"},
        "c": {"StringValue": "ü", "DataType": "String.kind"},
    }

    def work(sqs):
        url = sqs.create_queue(QueueName="mails")["QueueUrl"]
        return sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)["MD5OfMessageAttributes"]

    assert work(client("sqs")) == work(moto("sqs"))


def test_the_errors_of_queues(client, moto):
    def work(sqs):
        try:
            sqs.get_queue_url(QueueName="nobody")
        except sqs.exceptions.QueueDoesNotExist as error:
            return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]

    assert work(client("sqs")) == work(moto("sqs"))


@pytest.mark.parametrize(("call", "given"), REFUSED_BY_BOTH)
def test_what_queues_refuse_is_refused_in_one_way(client, moto, call, given):
    def work(sqs):
        url = sqs.create_queue(QueueName="mails")["QueueUrl"]
        with pytest.raises(ClientError) as refused:
            getattr(sqs, call)(QueueUrl=url, **given)
        code = refused.value.response["Error"]["Code"].removeprefix("AWS.SimpleQueueService.")
        return code, refused.value.response["ResponseMetadata"]["HTTPStatusCode"]

    assert work(client("sqs")) == work(moto("sqs"))


def test_topics(client, moto):
    def work(service):
        sns = service("sns")
        topic = sns.create_topic(Name="notices")["TopicArn"]
        queue = service("sqs").create_queue(QueueName="notices")["QueueUrl"]
        attributes = service("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
        listed = sns.list_subscriptions_by_topic(TopicArn=topic)
        return shape([listed, sns.publish(TopicArn=topic, Message="x"), attributes])

    assert work(client) == work(moto)


def without(value, name):
    """An empty list of failures is told by some and left out by others."""
    if isinstance(value, dict):
        return {key: without(inner, name) for key, inner in value.items() if key != name}
    return value


def test_what_is_known_of_an_identity(client, moto):
    def work(sesv2):
        sesv2.create_configuration_set(ConfigurationSetName="own")
        sesv2.create_email_identity(EmailIdentity="example.com", ConfigurationSetName="own")
        return sesv2.get_email_identity(EmailIdentity="example.com")

    ours, theirs = both("sesv2", client, moto, work)

    assert ours.keys() >= {"IdentityType", "VerifiedForSendingStatus", "MailFromAttributes", "ConfigurationSetName"}
    assert {name: ours[name] for name in ours.keys() & theirs.keys() if not isinstance(ours[name], dict)} == {
        name: theirs[name] for name in ours.keys() & theirs.keys() if not isinstance(theirs[name], dict)
    }


def test_the_attributes_of_queues(client, moto):
    def work(sqs):
        url = sqs.create_queue(QueueName="mails")["QueueUrl"]
        names = ["QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]

    ours, theirs = both("sqs", client, moto, work)

    assert ours == theirs

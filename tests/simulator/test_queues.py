"""SQS as boto3 knows it."""

import json
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.simulator.conftest import KEY_ID, SECRET


def test_a_message_comes_back_whole_and_is_gone_once_deleted(sqs, queue):
    attribute = {"StringValue": "dlv_1", "DataType": "String"}
    binary = {"BinaryValue": b"\x00\x01", "DataType": "Binary"}
    sqs.send_message(QueueUrl=queue, MessageBody="hällo", MessageAttributes={"couvert-id": attribute, "b": binary})

    (message,) = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    assert (message["Body"], message["MessageAttributes"]) == ("hällo", {"couvert-id": attribute, "b": binary})
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_what_is_not_deleted_comes_again_after_its_time(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="again")
    first = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=1)["Messages"][0]

    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    again = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])

    assert again["Messages"][0]["MessageId"] == first["MessageId"]
    assert again["Messages"][0]["Attributes"] == {"ApproximateReceiveCount": "2"}


def test_a_message_that_is_given_up_comes_at_once(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="again")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]

    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "again"


def test_whoever_waits_is_told_when_something_comes(sqs, queue, client):
    sender = threading.Timer(0.2, lambda: client("sqs").send_message(QueueUrl=queue, MessageBody="late"))
    started_at = time.monotonic()
    sender.start()

    found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]

    sender.join()
    assert found[0]["Body"] == "late"
    assert time.monotonic() - started_at < 5


def test_a_batch_succeeds_and_fails_entry_by_entry(sqs, queue):
    entries = [{"Id": "a", "MessageBody": "x"}, {"Id": "b", "MessageBody": ""}]

    sent = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    handles = [{"Id": "a", "ReceiptHandle": message["ReceiptHandle"]}, {"Id": "b", "ReceiptHandle": "nonsense"}]
    deleted = sqs.delete_message_batch(QueueUrl=queue, Entries=handles)

    assert [one["Id"] for one in sent["Successful"]] == ["a"]
    assert [(one["Id"], one["Code"]) for one in sent["Failed"]] == [("b", "MissingParameter")]
    assert [one["Id"] for one in deleted["Successful"]] == ["a"]
    assert [(one["Id"], one["Code"]) for one in deleted["Failed"]] == [("b", "ReceiptHandleIsInvalid")]


def test_an_eleventh_entry_fails_the_batch(sqs, queue):
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(11)]

    with pytest.raises(sqs.exceptions.TooManyEntriesInBatchRequest):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def test_a_queue_that_is_not_there_is_refused_by_its_name(sqs):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as refused:
        sqs.get_queue_url(QueueName="nobody")
    assert refused.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_message_that_is_received_too_often_is_buried(sqs, queue):
    grave = sqs.create_queue(QueueName="grave")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=grave, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
    sqs.send_message(QueueUrl=queue, MessageBody="poison")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)

    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert sqs.receive_message(QueueUrl=grave)["Messages"][0]["Body"] == "poison"


def test_a_key_that_is_not_known_is_refused(client):
    with pytest.raises(ClientError) as refused:
        client("sqs", "another secret").list_queues()
    assert "InvalidSignature" in refused.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("name", "attributes", "code"),
    [
        ("two words", {}, "InvalidParameterValue"),
        ("mails.fifo", {}, "InvalidParameterValue"),
        ("x" * 81, {}, "InvalidParameterValue"),
        ("mails", {"VisibilityTimeout": "50000"}, "InvalidAttributeValue"),
        ("mails", {"DelaySeconds": "-1"}, "InvalidAttributeValue"),
    ],
)
def test_a_queue_that_sqs_would_not_make_is_refused(sqs, name, attributes, code):
    with pytest.raises(ClientError) as refused:
        sqs.create_queue(QueueName=name, Attributes=attributes)

    assert refused.value.response["Error"]["Code"] == code
    assert sqs.list_queues()["QueueUrls"] == []


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("send_message", {"MessageBody": "x", "DelaySeconds": "soon"}),
        ("receive_message", {"MaxNumberOfMessages": "all"}),
        ("receive_message", {"WaitTimeSeconds": []}),
    ],
)
def test_a_member_of_another_type_is_refused_and_the_connection_stays(ses, queue, call, given):
    unchecked = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    sqs = boto3.client(
        "sqs", endpoint_url=ses.url, region_name="us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
        config=unchecked,
    )  # fmt: skip

    with pytest.raises(ClientError) as refused:
        getattr(sqs, call)(QueueUrl=queue, **given)

    assert refused.value.response["Error"]["Code"].endswith("SerializationException")
    assert sqs.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]

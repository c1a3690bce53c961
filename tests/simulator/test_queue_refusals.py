"""What SQS does not take, as boto3 tells it: the simulator refuses the same."""

import json
from decimal import Decimal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, strategies as st

from couvert.simulator.errors import AwsError
from couvert.simulator.sqs.rules import check_attributes, check_characters
from tests.simulator.conftest import KEY_ID, SECRET

TAKEN = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")


@pytest.fixture
def unchecked(ses):
    """A client that leaves it to SQS to judge its members, as those of other languages do."""
    return boto3.client(
        "sqs", endpoint_url=ses.url, region_name="us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )  # fmt: skip


def refusal(call, **given):
    with pytest.raises(ClientError) as refused:
        call(**given)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return refused.value.response["Error"]["Code"].removeprefix("AWS.SimpleQueueService.")


def text(value, kind="String"):
    return {"DataType": kind, "StringValue": value}


@pytest.mark.parametrize("name", ["two words", "ü", "a.b", "x" * 81, ""])
def test_an_entry_of_a_batch_has_an_id_of_plain_letters(sqs, queue, name):
    entries = [{"Id": "a", "MessageBody": "x"}, {"Id": name, "MessageBody": "x"}]

    assert refusal(sqs.send_message_batch, QueueUrl=queue, Entries=entries) == "InvalidBatchEntryId"
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_two_entries_of_a_batch_have_two_ids(sqs, queue):
    entries = [{"Id": "a", "ReceiptHandle": "x#1"}, {"Id": "a", "ReceiptHandle": "y#1"}]

    assert refusal(sqs.delete_message_batch, QueueUrl=queue, Entries=entries) == "BatchEntryIdsNotDistinct"


def test_ids_of_eighty_letters_digits_dashes_and_underscores_are_taken(sqs, queue):
    entries = [{"Id": "x" * 80, "MessageBody": "x"}, {"Id": "a-B_3", "MessageBody": "x"}]

    assert len(sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]) == 2


@pytest.mark.parametrize(
    "attributes",
    [
        {"kind": text("x", "Text")},
        {"kind": text("x", "string")},
        {"kind": text("x", "Strings")},
        {"kind": text("x", "String." + "x" * 249)},
        {"kind": text("")},
        {"kind": text("", "String.own")},
        {"kind": {"DataType": "String", "BinaryValue": b"x"}},
        {"kind": {"DataType": "Binary", "BinaryValue": b""}},
        {"kind": text("many", "Number")},
        {"kind": text("1e127", "Number")},
        {"kind": text("\x00")},
        {"two words": text("x")},
        {"ü": text("x")},
        {"x" * 256: text("x")},
        {"AWS.kind": text("x")},
        {"amazon.kind": text("x")},
        {".kind": text("x")},
        {"kind.": text("x")},
        {"a..b": text("x")},
        {f"a{n}": text("x") for n in range(11)},
    ],
)
def test_attributes_that_sqs_does_not_take_are_refused(sqs, queue, attributes):
    code = refusal(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)

    assert code == "InvalidParameterValue"
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_attributes_of_all_kinds_are_taken(sqs, queue):
    attributes = {
        "a.b-c_9": text("x"), "x" * 255: text("ü", "String.own"), "n": text("-1.5e3", "Number.float"),
        "b": {"DataType": "Binary.gif", "BinaryValue": b"\x00"}, "awsx": text("x"),
    }  # fmt: skip

    assert sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)["MD5OfMessageAttributes"]


@given(st.decimals(min_value=Decimal(-(10**126)), max_value=Decimal(10**126), allow_nan=False, allow_infinity=False))
def test_every_number_in_the_range_is_one(number):
    check_attributes({"n": text(format(number, "f"), "Number")})


@given(st.text(TAKEN), st.sampled_from("\x00\x08\x0b\x1f\ufffe\uffff"), st.text(TAKEN))
def test_one_character_that_is_no_text_is_enough(before, character, after):
    check_characters(before + after)

    with pytest.raises(AwsError, match="Invalid characters found"):
        check_characters(before + character + after)


def test_what_is_wrong_with_one_entry_is_told_of_that_entry(sqs, queue):
    entries = [
        {"Id": "a", "MessageBody": "x", "MessageAttributes": {"kind": text("x", "Text")}},
        {"Id": "b", "MessageBody": "\x01"},
        {"Id": "c", "MessageBody": "x"},
    ]

    told = sqs.send_message_batch(QueueUrl=queue, Entries=entries)

    assert [one["Id"] for one in told["Successful"]] == ["c"]
    assert {one["Id"]: (one["Code"], one["SenderFault"]) for one in told["Failed"]} == {
        "a": ("InvalidParameterValue", True),
        "b": ("InvalidMessageContents", True),
    }


def test_a_batch_may_be_larger_than_the_largest_message_of_its_queue(sqs):
    small = sqs.create_queue(QueueName="small", Attributes={"MaximumMessageSize": "1024"})["QueueUrl"]
    entries = [{"Id": "a", "MessageBody": "x" * 1000}, {"Id": "b", "MessageBody": "x" * 1025}]
    huge = [{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)]

    told = sqs.send_message_batch(QueueUrl=small, Entries=entries)

    assert [one["Id"] for one in told["Successful"]] == ["a"]
    assert [one["Code"] for one in told["Failed"]] == ["InvalidParameterValue"]
    assert refusal(sqs.send_message_batch, QueueUrl=small, Entries=huge) == "BatchRequestTooLong"


@pytest.mark.parametrize(
    "policy",
    [
        "none",
        "[1]",
        {"maxReceiveCount": 3},
        {"deadLetterTargetArn": "GRAVE"},
        {"deadLetterTargetArn": "GRAVE", "maxReceiveCount": 0},
        {"deadLetterTargetArn": "GRAVE", "maxReceiveCount": 1001},
        {"deadLetterTargetArn": "GRAVE", "maxReceiveCount": "often"},
        {"deadLetterTargetArn": "nowhere", "maxReceiveCount": 3},
        {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:grave", "maxReceiveCount": 3},
        {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:nobody", "maxReceiveCount": 3},
    ],
)
def test_a_redrive_policy_names_a_queue_that_is_there_and_a_number_of_receptions(sqs, queue, policy):
    grave = sqs.create_queue(QueueName="grave")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=grave, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"RedrivePolicy": (policy if isinstance(policy, str) else json.dumps(policy)).replace("GRAVE", arn)}

    assert refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes=attributes) == "InvalidParameterValue"
    assert refusal(sqs.create_queue, QueueName="other", Attributes=attributes) == "InvalidParameterValue"
    assert "RedrivePolicy" not in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]


def test_a_redrive_policy_ends_with_an_empty_one(sqs, queue):
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1000})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
    sqs.send_message(QueueUrl=queue, MessageBody="x")

    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": ""})

    assert sqs.receive_message(QueueUrl=queue)["Messages"]


@pytest.mark.parametrize("attributes", [{"Policy": "none"}, {"RedriveAllowPolicy": "[]"}])
def test_policies_are_maps(sqs, attributes):
    assert refusal(sqs.create_queue, QueueName="mails", Attributes=attributes) == "InvalidAttributeValue"


def test_an_attribute_that_no_queue_has_is_not_told(sqs, queue):
    assert refusal(sqs.get_queue_attributes, QueueUrl=queue, AttributeNames=["Colour"]) == "InvalidAttributeName"


def test_a_message_is_hidden_for_twelve_hours_in_all(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    given = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}

    assert refusal(sqs.change_message_visibility, **given, VisibilityTimeout=43_200) == "InvalidParameterValue"
    sqs.change_message_visibility(**given, VisibilityTimeout=43_100)


def test_for_how_long_to_hide_a_message_must_be_said(sqs, unchecked, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    given = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}

    assert refusal(unchecked.change_message_visibility, **given) == "MissingParameter"


def test_a_standard_queue_tells_no_doubles_apart(sqs, queue):
    given = {"QueueUrl": queue, "MessageBody": "x"}

    assert refusal(sqs.send_message, **given, MessageDeduplicationId="1") == "InvalidParameterValue"
    assert sqs.send_message(**given, MessageGroupId="tenant-1")["MessageId"]

"""What SNS does not take, as boto3 tells it."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sns(client):
    return client("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="own")["TopicArn"]


def words_of(call, **given):
    with pytest.raises(ClientError) as refused:
        call(**given)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("InvalidParameter", 400)
    return answer["Error"]["Message"]


@pytest.mark.parametrize("name", ["two words", "x" * 257, "own.fifo", "\u00fc"])
def test_a_topic_has_a_plain_name(sns, name):
    assert words_of(sns.create_topic, Name=name) == "Invalid parameter: Topic Name"


def test_a_topic_is_signed_in_a_version_that_there_is(sns, topic):
    assert words_of(sns.create_topic, Name="new", Attributes={"SignatureVersion": "3"})
    assert words_of(sns.set_topic_attributes, TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="3")


def test_a_topic_is_not_made_again_with_other_attributes(sns, topic):
    assert "different attributes" in words_of(sns.create_topic, Name="own", Attributes={"SignatureVersion": "2"})
    assert sns.create_topic(Name="own", Attributes={"SignatureVersion": "1"})["TopicArn"] == topic


def test_attributes_that_sns_does_not_know_are_refused(sns, topic):
    assert words_of(sns.set_topic_attributes, TopicArn=topic, AttributeName="Colour", AttributeValue="blue")
    assert words_of(sns.subscribe, TopicArn=topic, Protocol="http", Endpoint="http://a", Attributes={"Colour": "blue"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Message": "x", "Subject": "x" * 101}, "Subject"),
        ({"Message": "x", "Subject": ""}, "Subject"),
        ({"Message": "x", "Subject": "two\nlines"}, "Subject"),
        ({"Message": ""}, "Empty message"),
        ({"Message": "\u00fc" * 131_073}, "Message too long"),
        ({"Message": '{"default": "x"}', "MessageStructure": "json"}, "MessageStructure"),
    ],
)
def test_a_message_that_sns_would_not_publish_is_refused(sns, topic, given, words):
    assert words_of(sns.publish, TopicArn=topic, **given).startswith(f"Invalid parameter: {words}")


def test_a_message_may_be_as_large_as_sns_takes_it(sns, topic):
    assert sns.publish(TopicArn=topic, Message="x" * 262_144, Subject="\u00fc" * 100)["MessageId"]


def test_a_topic_is_named_by_its_arn(sns):
    words = "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"

    assert words_of(sns.publish, TopicArn="own", Message="x") == words


@pytest.mark.parametrize(
    ("protocol", "endpoint"), [("http", "https://a"), ("https", "http://a"), ("sqs", "http://a"), ("lambda", "x")]
)
def test_an_endpoint_is_one_of_its_protocol(sns, topic, protocol, endpoint):
    assert words_of(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)


@pytest.mark.parametrize("attributes", [{"RawMessageDelivery": "yes"}, {"FilterPolicy": "{}"}])
def test_a_subscription_that_would_not_be_kept_to_is_refused(sns, topic, attributes):
    given = {"TopicArn": topic, "Protocol": "http", "Endpoint": "http://127.0.0.1:1"}

    assert words_of(sns.subscribe, **given, Attributes=attributes)

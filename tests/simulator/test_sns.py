"""SNS over HTTP, as a subscriber sees it."""

import base64
import json
import queue
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from couvert.simulator.testing import simulated_ses
from tests.simulator.letters import raw_letter

TOPIC = "arn:aws:sns:us-east-1:123456789012:couvert-notices"


class Subscriber:
    """Keeps what it is told; `statuses` are answered first, then 200."""

    def __init__(self):
        self.told = queue.Queue()
        self.statuses = []
        self.url = ""

    def next(self):
        headers, body = self.told.get(timeout=10)
        return headers, json.loads(body)

    def confirmed(self):
        _, asked = self.next()
        with urllib.request.urlopen(asked["SubscribeURL"]) as answer:
            assert answer.status == 200
        return asked


@pytest.fixture
def subscriber():
    with subscribed() as one:
        yield one


@contextmanager
def subscribed():
    one = Subscriber()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            one.told.put((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(one.statuses.pop(0) if one.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    one.url = f"http://127.0.0.1:{server.server_port}/v2/provider/ses"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=["1", "2"])
def ses(request, subscriber):
    with simulated_ses(notify=(subscriber.url,), signature_version=request.param) as running:
        yield running


@pytest.fixture
def send(client):
    sesv2 = client("sesv2")
    return lambda: sesv2.send_email(**raw_letter(), ConfigurationSetName="couvert")["MessageId"]


def test_nothing_is_told_before_the_subscription_is_confirmed(ses, subscriber, send):
    send()
    headers, asked = subscriber.next()
    assert (headers["x-amz-sns-message-type"], headers["x-amz-sns-topic-arn"]) == ("SubscriptionConfirmation", TOPIC)
    assert (asked["Type"], asked["TopicArn"]) == ("SubscriptionConfirmation", TOPIC)
    assert is_signed(asked)

    with urllib.request.urlopen(asked["SubscribeURL"]) as answer:
        assert b"ConfirmSubscriptionResult" in answer.read()
    message_id = send()

    told = [subscriber.next() for _ in range(2)]
    assert {json.loads(body["Message"])["mail"]["messageId"] for _, body in told} == {message_id}


def test_notices_are_signed_in_either_version(ses, subscriber, send):
    subscriber.confirmed()
    send()

    headers, told = subscriber.next()

    assert headers["x-amz-sns-message-type"] == told["Type"] == "Notification"
    assert headers["x-amz-sns-subscription-arn"].startswith(TOPIC)
    assert told["Subject"] == "Amazon SES Email Event Notification"
    assert is_signed(told)
    assert not is_signed({**told, "Message": "{}"})


def test_a_signature_is_wrong_on_demand(ses, subscriber, send):
    subscriber.confirmed()
    ses.faults(notices={"bad_signature": {"next": 1}})
    send()

    told = [subscriber.next()[1] for _ in range(2)]

    assert sorted(is_signed(one) for one in told) == [False, True]


def test_what_the_subscriber_could_not_take_comes_again(ses, subscriber, send):
    subscriber.confirmed()
    subscriber.statuses = [500, 429]
    send()

    told = [subscriber.next()[1]["MessageId"] for _ in range(4)]

    assert len(set(told)) == 2


def test_what_the_subscriber_refuses_does_not(ses, subscriber, send):
    subscriber.confirmed()
    subscriber.statuses = [403, 403]
    send()
    told = [subscriber.next()[1]["MessageId"] for _ in range(2)]

    assert len(set(told)) == 2
    with pytest.raises(queue.Empty):
        subscriber.told.get(timeout=0.3)


def test_boto3_subscribes_and_publishes(ses, subscriber, client):
    subscriber.confirmed()
    sns = client("sns")
    topic = sns.create_topic(Name="own", Attributes={"SignatureVersion": "2"})["TopicArn"]
    with subscribed() as other:
        raw = {"RawMessageDelivery": "true"}
        pending = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=other.url, Attributes=raw)["SubscriptionArn"]
        other.confirmed()
        (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        attributes = sns.get_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"])["Attributes"]
        sns.publish(TopicArn=topic, Message="<hello>", Subject="a & b")
        headers, body = other.told.get(timeout=10)
        sns.unsubscribe(SubscriptionArn=listed["SubscriptionArn"])

    assert pending == "pending confirmation"
    assert (attributes["PendingConfirmation"], attributes["RawMessageDelivery"]) == ("false", "true")
    assert (headers["x-amz-sns-rawdelivery"], body) == ("true", b"<hello>")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SignatureVersion"] == "2"
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_topic_that_is_not_there_is_refused(ses, client):
    sns = client("sns")

    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn="arn:aws:sns:us-east-1:123456789012:nobody", Message="x")


def is_signed(told):
    """By the documented rule, written once more."""
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    with urllib.request.urlopen(told["SigningCertURL"]) as answer:
        key = x509.load_pem_x509_certificate(answer.read()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[told["SignatureVersion"]]
    try:
        key.verify(base64.b64decode(told["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True

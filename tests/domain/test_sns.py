"""Whose certificates and confirmations are believed, and for how long a message is."""

import pytest

from couvert.domain import sns
from couvert.domain.sns import Untrusted
from tests.commands.ses_notices import AT, TOPIC, envelope
from tests.store.changes import HOUR, NOW

AMAZON = "https://sns.eu-west-1.amazonaws.com"
PEM = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
TESTS = frozenset({"http://127.0.0.1:9999"})


@pytest.mark.parametrize("url", [
    f"{AMAZON}/{PEM}",
    f"https://sns.us-gov-west-1.amazonaws.com/{PEM}",
    f"https://sns.cn-north-1.amazonaws.com.cn/{PEM}",
    "http://127.0.0.1:9999/any/certificate.pem",
])  # fmt: skip
def test_a_certificate_of_amazons_is_fetched(url):
    assert sns.check_certificate_url(url, TESTS) == url


@pytest.mark.parametrize("url", [
    f"http://sns.eu-west-1.amazonaws.com/{PEM}",
    f"https://sns.eu-west-1.amazonaws.com.evil.example/{PEM}",
    f"https://evil.example/sns.eu-west-1.amazonaws.com/{PEM}",
    f"https://sns.eu-west-1.amazonaws.com@evil.example/{PEM}",
    f"https://evil.example#@sns.eu-west-1.amazonaws.com/{PEM}",
    f"https://evil.example\\@sns.eu-west-1.amazonaws.com/{PEM}",
    f"https://sns.eu-west-1.amazonaws.com:8443/{PEM}",
    f"https://s3.eu-west-1.amazonaws.com/{PEM}",
    f"https://bucket.sns.eu-west-1.amazonaws.com/{PEM}",
    f"{AMAZON}/{PEM}?x=1",
    f"{AMAZON}/?Action=Publish&x={PEM}",
    f"{AMAZON}/x/../{PEM}",
    f"{AMAZON}/{PEM}\n",
    "http://127.0.0.1:9998/certificate.pem",
    "https://[::1/x.pem",
    "file:///etc/passwd.pem",
    None,
    ["https"],
])  # fmt: skip
def test_no_other_certificate_is(url):
    with pytest.raises(Untrusted, match="SigningCertURL"):
        sns.check_certificate_url(url, TESTS)


def asking(url):
    return {**envelope(b""), "Type": "SubscriptionConfirmation", "SubscribeURL": url}


CONFIRM = f"{AMAZON}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"


@pytest.mark.parametrize("url", [CONFIRM, CONFIRM.replace(AMAZON, "http://127.0.0.1:9999/sns")])
def test_a_subscription_is_confirmed_where_amazon_says(url):
    assert sns.check_subscribe_url(asking(url), TESTS) == url


@pytest.mark.parametrize("url", [
    CONFIRM.replace("ConfirmSubscription", "DeleteTopic"),
    CONFIRM.replace(TOPIC, TOPIC + "-other"),
    CONFIRM.replace(AMAZON, "https://evil.example"),
    CONFIRM.replace("https", "http"),
    CONFIRM + "&Action=DeleteTopic",
    "",
    None,
])  # fmt: skip
def test_nothing_else_is_called(url):
    with pytest.raises(Untrusted):
        sns.check_subscribe_url(asking(url), TESTS)


@pytest.mark.parametrize("later_ms", [0, 23 * HOUR, -10 * 60_000])
def test_a_message_is_believed_for_a_day(later_ms):
    sns.check_time({"Timestamp": AT}, NOW + later_ms)


@pytest.mark.parametrize(("stamp", "later_ms"), [
    (AT, 25 * HOUR), (AT, -20 * 60_000), ("yesterday", 0), (None, 0), ("0001-01-01T00:00:00", 0),
])  # fmt: skip
def test_a_recording_is_not_believed(stamp, later_ms):
    with pytest.raises(Untrusted, match="Timestamp"):
        sns.check_time({"Timestamp": stamp}, NOW + later_ms)


def test_what_is_signed_is_what_amazon_documents():
    message = {**envelope(b"My Test Message"), "Subject": "My subject"}

    assert sns.signed_text(message).decode() == (
        "Message\nMy Test Message\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubject\nMy subject\n"
        f"Timestamp\n{AT}\nTopicArn\n{TOPIC}\nType\nNotification\n"
    )

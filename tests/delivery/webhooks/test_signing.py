"""Signatures as Standard Webhooks has them, verified by its own library; and what `Retry-After` may say."""

import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from couvert.commands.webhooks import new_secret
from couvert.delivery.webhooks.signing import asked_ms, signed_headers

BODY = '{"type":"delivery.sent","naïve":true}'.encode()
NOW = 1_738_000_000_000


def test_the_library_verifies_what_was_signed():
    secret = new_secret()
    headers = signed_headers("msg_1", BODY, [secret], int(time.time() * 1000))
    assert Webhook(secret).verify(BODY, headers)["type"] == "delivery.sent"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)


def test_while_a_secret_is_exchanged_either_verifies():
    old, new = new_secret(), new_secret()
    headers = signed_headers("msg_1", BODY, [new, old], int(time.time() * 1000))
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)


def test_the_example_of_the_standard_is_signed_as_it_says():
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        1_614_265_330_000,
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (None, None), ("", None), ("soon", None), ("-5", None), ("0", 0), ("120", 120_000), ("9" * 40, 999_999_999_000),
        ("Mon, 27 Jan 2025 17:47:40 GMT", 60_000), ("Mon, 27 Jan 2020 10:30:00 GMT", 0),
        ("Mon, 99 Jan 2025 10:30:00 GMT", None), ("Mon, 27 Jan 2025 10:30:00 +" + "9" * 20, None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(said, asked):
    assert asked_ms(said, NOW) == asked

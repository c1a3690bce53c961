"""Signature version 4, made by botocore and spoilt in every part."""

import http.client
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from couvert.simulator.testing import simulated_ses
from tests.simulator.conftest import KEY_ID, SECRET


@pytest.fixture
def ask(ses):
    def ask(path="/v2/email/account", service="ses", key_id=KEY_ID, secret=SECRET, **spoilt):
        request = AWSRequest("GET", ses.url + path)
        SigV4Auth(Credentials(key_id, secret, "session-token"), service, "eu-central-1").add_auth(request)
        return answered(ses.url, path, {**dict(request.headers.items()), **spoilt})

    return ask


def answered(url, path, headers):
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", path, headers={name: value for name, value in headers.items() if value})
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return answer.status, answer.headers.get("x-amzn-ErrorType"), said.get("message")


@pytest.mark.parametrize(
    "path", ["/v2/email/account", "/v2/email/identities/a%40b.example", "/v2/email/account?b=1&a=%2F"]
)
def test_what_is_signed_right_is_answered(ask, path):
    assert ask(path)[:2] == (200, None)


def test_without_a_signature_there_is_no_answer(ask):
    assert ask(Authorization="") == (403, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_half_a_signature_is_none(ask):
    assert ask(Authorization="AWS4-HMAC-SHA256 Credential=x")[:2] == (403, "IncompleteSignatureException")


def test_a_wrong_secret_is_found_out(ask):
    assert ask(secret="another")[:2] == (403, "InvalidSignatureException")


def test_a_key_that_nobody_has_is_refused(ask):
    assert ask(key_id="AKIANOBODY")[:2] == (403, "UnrecognizedClientException")


def test_a_signature_for_another_service_is_refused(ask):
    status, error_type, message = ask(service="sqs")

    assert (status, error_type) == (403, "InvalidSignatureException")
    assert "scoped to correct service: 'ses'" in message


@pytest.mark.parametrize(("minutes", "word"), [(-6, "expired"), (6, "not yet current")])
def test_a_clock_that_is_minutes_off_is_refused_though_nothing_is_verified(minutes, word):
    with simulated_ses() as lenient:
        now = datetime.now(UTC)
        status, error_type, message = answered(
            lenient.url, "/v2/email/account", signed_at(now + timedelta(minutes=minutes))
        )
        assert (status, error_type) == (403, "InvalidSignatureException")
        assert word in message
        assert answered(lenient.url, "/v2/email/account", signed_at(now + timedelta(minutes=minutes / 2)))[0] == 200


def signed_at(moment):
    scope = f"{moment:%Y%m%d}/us-east-1/ses/aws4_request"
    words = f"AWS4-HMAC-SHA256 Credential=anybody/{scope}, SignedHeaders=host, Signature={'0' * 64}"
    return {"Authorization": words, "X-Amz-Date": f"{moment:%Y%m%dT%H%M%SZ}"}

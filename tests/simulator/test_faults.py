"""What goes wrong on demand, as boto3 sees it."""

import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from couvert.simulator.errors import KNOWN
from couvert.simulator.testing import simulated_ses
from tests.simulator.letters import raw_letter, refusal


@pytest.fixture
def sesv2(client):
    return client("sesv2")


@pytest.mark.parametrize(("fault", "copies"), [("cut_before_body", 0), ("cut_after_body", 0), ("lose_answer", 1)])
def test_a_connection_is_cut_where_asked_so_often(ses, sesv2, fault, copies):
    ses.faults(**{fault: {"next": 1}})

    with pytest.raises(ConnectionClosedError):
        sesv2.send_email(**raw_letter())
    assert ses.copies().get("bob@example.com", 0) == copies

    assert refusal(sesv2) is None


def test_a_probability_of_one_is_always(ses, sesv2):
    ses.faults(errors=[{"status": 503, "probability": 1}])

    assert {refusal(sesv2) for _ in range(5)} == {("ServiceUnavailableException", 503)}
    assert ses.mails() == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_any_status_is_answered_and_the_mail_taken_if_so_asked(ses, sesv2, status):
    ses.faults(errors=[{"status": status, "next": 1, "accepts": True}])

    refused = refusal(sesv2)

    assert refused is not None
    assert refused[1] == status
    assert ses.copies() == {"bob@example.com": 1}


@pytest.mark.parametrize("error_type", sorted(KNOWN))
def test_every_known_error_is_answered_by_its_name(ses, sesv2, error_type):
    ses.faults(errors=[{"type": error_type, "next": 1}])

    assert refusal(sesv2) == (error_type, KNOWN[error_type][1])


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        ("paused", "SendingPausedException"),
        ("suspended", "AccountSuspendedException"),
        ("mail_from_unverified", "MailFromDomainNotVerifiedException"),
    ],
)
def test_an_account_that_may_not_send_may_again_once_the_fault_ends(ses, sesv2, fault, error_type):
    ses.faults(**{fault: True})
    assert refusal(sesv2) == (error_type, 400)

    ses.faults()
    assert refusal(sesv2) is None


def test_a_slow_answer_comes_after_the_mail_was_taken(ses, sesv2):
    ses.faults(slow_ms=300)
    started_at = time.monotonic()

    sesv2.send_email(**raw_letter())

    assert time.monotonic() - started_at >= 0.3
    assert ses.mails()[0]["at"] < time.time() - 0.25


def test_connections_that_rest_too_long_are_closed_on_demand(ses):
    ses.faults(idle_seconds=0.1)
    connection = HTTPConnection(urlsplit(ses.url).netloc)
    connection.request("GET", "/simulator")
    connection.getresponse().read()
    sock = connection.sock
    sock.settimeout(5)

    assert sock.recv(1) == b""
    connection.close()


def test_the_account_cannot_be_read_on_demand(ses, sesv2):
    ses.faults(account_unreadable=True)

    with pytest.raises(sesv2.exceptions.ClientError, match="AccessDenied"):
        sesv2.get_account()


def test_a_fault_that_is_not_known_is_refused_with_its_name(ses):
    with pytest.raises(ValueError, match="loose_answer"):
        ses.faults(loose_answer={"next": 1})


def test_a_reset_goes_back_to_the_start(client):
    with simulated_ses(rate=3, identities=("example.org",)) as strict:
        sesv2 = client("sesv2", url=strict.url)
        strict.faults(rate=100, paused=True)
        strict.reset()

        assert sesv2.get_account()["SendQuota"]["MaxSendRate"] == 3
        assert refusal(sesv2) == ("MessageRejected", 400)


def test_only_so_many_messages_are_kept_and_all_are_counted(client):
    with simulated_ses(kept=2) as forgetful:
        sesv2 = client("sesv2", url=forgetful.url)
        for _ in range(3):
            sesv2.send_email(**raw_letter())

        assert [mail["message"] is None for mail in forgetful.mails()] == [True, False, False]
        assert forgetful.copies() == {"bob@example.com": 3}
        assert len(forgetful.mails(limit="1", messages=False)) == 1


@pytest.mark.parametrize(
    ("right", "service", "call", "asked"),
    [
        ("ses:GetAccount", "sesv2", "get_account", {}),
        ("sns:ListTopics", "sns", "list_topics", {}),
        ("sqs:ListQueues", "sqs", "list_queues", {}),
    ],
)
def test_rights_can_be_taken_away(ses, client, right, service, call, asked):
    ses.faults(denied=[right])

    with pytest.raises(ClientError) as refused:
        getattr(client(service), call)(**asked)

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert right in refused.value.response["Error"]["Message"]


def test_in_the_sandbox_of_ses_recipients_have_to_be_verified_too():
    with simulated_ses(identities=("example.com",)) as strict:
        strict.faults(sandbox=True)
        sesv2 = boto3.client(
            "sesv2", endpoint_url=strict.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        letter = raw_letter()
        sesv2.send_email(**{**letter, "Destination": {"ToAddresses": ["bob@example.com"]}})
        sesv2.send_email(**{**letter, "Destination": {"ToAddresses": ["bounce@simulator.amazonses.com"]}})

        with pytest.raises(ClientError, match=r"eve@example\.net"):
            sesv2.send_email(**{**letter, "Destination": {"ToAddresses": ["eve@example.net"]}})
        assert not sesv2.get_account()["ProductionAccessEnabled"]

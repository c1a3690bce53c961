"""A mail goes through all of it, well and badly, and no line of the log says who mails whom."""

import json

import pytest
import structlog

from couvert import logs
from couvert.store.notices import Source
from tests.delivery.webhooks.receiver import says
from tests.metrics.abroad import until
from tests.metrics.test_metrics import post_v1

PEOPLE = ("john", "refused@sandbox", "timeout@sandbox", "support@example", "zoë", "sandbox.test", "@")


@pytest.fixture
def lines(capsys):
    before = structlog.get_config()
    logs.configure("debug")
    yield lambda: [line for line in capsys.readouterr().err.splitlines() if line]
    structlog.configure(**before)


async def test_no_line_holds_an_address(lines, parts, client, monkeypatch):
    for who in (
        "john@example.com",
        "refused@sandbox.test",
        "timeout@sandbox.test",
        "throttled@sandbox.test",
        "zoë@x.de",
    ):
        await post_v1(parts, client, who)
    await client.post("/v1/mail", json={"recipients": [{"mail": "john@"}], "sender_email": "support@example.com"})

    async def broken(*_, **__):
        raise ValueError("cannot write to john@example.com: john.doe@example.com is odd")

    monkeypatch.setattr(parts.courier._letters, "message", broken)
    await post_v1(parts, client, "john@example.com")

    said = lines()
    assert len(said) >= 10
    assert [line for line in said for who in PEOPLE if who in line.casefold()] == []


async def test_no_line_of_providers_notices_and_receivers_holds_an_address(lines, away):
    """Each of them says addresses wherever it can."""
    away.receiver.otherwise = says(410, b"john@example.com is gone")
    away.ses.faults(
        outcomes={"bounce@example.com": "bounce"},
        errors=[{"next": 1, "type": "MessageRejected", "message": "Address john@example.com is bad"}],
    )
    await away.send("john@example.com", "bounce@example.com", "jane@example.com")
    await until(lambda: away.parts.read_notices.readings.results["sqs", "read"] >= 4)
    await until(lambda: away.receiver.requests)
    await away.parts.take_notices.keep(Source.FILE, [b"From: john@example.com", b'{"eventType": "john@example.com"}'])
    away.ses.faults(errors=[{"probability": 1, "type": "AccessDenied", "message": "support@example.com may not"}])
    await away.send("john@example.com")
    await until(lambda: away.parts.courier.passage.gate.is_held)

    said = [json.loads(line) for line in lines()]

    assert {line["event"] for line in said} >= {"attempt", "transport.held", "webhook.switched_off"}
    assert all(line["delivery"].startswith("dlv_") for line in said if line["event"] == "attempt")
    assert [line for line in said for who in (*PEOPLE, "jane", "bounce@") if who in json.dumps(line).casefold()] == []


async def test_a_request_is_found_by_its_id_and_its_mail_by_the_mails(lines, parts, client):
    answer = await post_v1(parts, client, "timeout@sandbox.test")

    said = [json.loads(line) for line in lines()]

    [request] = [line for line in said if line["event"] == "request"]
    assert request["request_id"] == answer.headers["x-request-id"]
    assert request["mail"].startswith("mail_")
    [attempt] = [line for line in said if line["event"] == "attempt"]
    assert (attempt["outcome"], attempt["attempt"]) == ("unknown", 1)
    assert attempt["delivery"].startswith("dlv_")

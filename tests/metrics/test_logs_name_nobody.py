"""A mail goes through all of it, well and badly, and no line of the log says who mails whom."""

import json

import pytest
import structlog

from couvert import logs
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


async def test_a_request_is_found_by_its_id_and_its_mail_by_the_mails(lines, parts, client):
    answer = await post_v1(parts, client, "timeout@sandbox.test")

    said = [json.loads(line) for line in lines()]

    [request] = [line for line in said if line["event"] == "request"]
    assert request["request_id"] == answer.headers["x-request-id"]
    assert request["mail"].startswith("mail_")
    [attempt] = [line for line in said if line["event"] == "attempt"]
    assert (attempt["outcome"], attempt["attempt"]) == ("unknown", 1)
    assert attempt["delivery"].startswith("dlv_")

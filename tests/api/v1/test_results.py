"""What the result queue is told: byte for byte, since systems read it that nobody changes any more."""

import json
import os
from pathlib import Path

import pytest

from couvert.api.v1.results import result_of, result_of_malformed
from couvert.domain.delivery import State
from couvert.domain.mail import References
from couvert.readmodels.results import Outcome
from couvert.store.messages import Echo, MalformedMessage

FILES = Path(__file__).parents[2] / "golden" / "v1" / "results"
ACCEPTED_AT = 1_737_973_800_999  # 2025-01-27T10:30:00Z, and almost a second
SENT = Outcome(
    state=State.SENT,
    at=ACCEPTED_AT + 5_000,
    accepted_at=ACCEPTED_AT,
    provider_id="0000014a-f4d4-4c4b-8b7a-123456789012-000000",
    words=None,
    references=References("msg-123", "env-123", queued_at="2025-01-27T10:30:00Z"),
    recipient="john@example.com",
    email_recipient_id="recipient-123",
)
NOT_SENT = SENT._replace(provider_id=None)
OUTCOMES = {
    "sent": SENT,
    "bounced-afterwards": SENT._replace(state=State.BOUNCED),
    "sent-says-the-operator": SENT._replace(provider_id=None),
    "failed": NOT_SENT._replace(state=State.FAILED, words="550 5.1.1 no such user <john@example.com>"),
    "failed-without-words": NOT_SENT._replace(state=State.FAILED),
    "suppressed": NOT_SENT._replace(state=State.SUPPRESSED, words="The address is suppressed: hard_bounce."),
    "unknown": NOT_SENT._replace(state=State.UNKNOWN, words="the connection broke"),
    "unknown-without-words": NOT_SENT._replace(state=State.UNKNOWN),
    "cancelled": NOT_SENT._replace(state=State.CANCELLED),
    "expired": NOT_SENT._replace(state=State.EXPIRED),
    "without-references": SENT._replace(references=References(), email_recipient_id=None),
    "erased": SENT._replace(references=References(), email_recipient_id=None, recipient=None),
}
MALFORMED = MalformedMessage("m-1", ACCEPTED_AT, None, "recipient_email: Field required.")
MESSAGES = {
    "malformed": MALFORMED._replace(echo=Echo("msg-123", "recipient-123", None, "2025-01-27T10:30:00Z")),
    "malformed-beyond-reading": MALFORMED,
}


def assert_golden(name, result):
    file = FILES / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(result + "\n", encoding="utf-8")
    assert result + "\n" == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_result_is_the_same_to_the_last_byte(name):
    assert_golden(name, result_of(OUTCOMES[name]))


@pytest.mark.parametrize("name", MESSAGES)
def test_so_is_that_of_a_malformed_message(name):
    assert_golden(name, result_of_malformed(MESSAGES[name]))


def test_it_is_what_the_contract_shows():
    assert json.loads(result_of(SENT)) == {
        "success": True,
        "email_id": "msg-123",
        "email_recipient_id": "recipient-123",
        "recipient": "john@example.com",
        "status": "sent",
        "result": {
            "email_id": "msg-123",
            "email_recipient_id": "recipient-123",
            "recipient": "john@example.com",
            "status": "sent",
            "message_id": "0000014a-f4d4-4c4b-8b7a-123456789012-000000",
            "status_detail": None,
            "last_error": None,
            "queued_at": "2025-01-27T10:30:00Z",
            "sent_at": "2025-01-27T10:30:05Z",
        },
    }


@pytest.mark.parametrize("name", [*OUTCOMES, *MESSAGES])
def test_only_what_was_sent_is_a_success_and_only_what_failed_has_an_error(name):
    result = json.loads((FILES / f"{name}.json").read_text())

    assert result["success"] is (result["status"] == "sent")
    assert (result["result"]["last_error"] is not None) is (result["status"] == "failed")
    assert (result["result"]["sent_at"] is not None) is (result["status"] == "sent")


def test_a_result_holds_nothing_that_sqs_refuses():
    result = result_of(NOT_SENT._replace(state=State.FAILED, words="550 \ufffe\uffff\x00\x07 no"))

    assert all(letter in "\t\n\r" or " " <= letter <= "\ufffd" for letter in result)
    assert json.loads(result)["result"]["last_error"] == "550 \ufffe\uffff\x00\x07 no"

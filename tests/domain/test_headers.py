"""Which headers a mail may bring, and how many."""

import pytest

from couvert.domain.headers import LONGEST_VALUE, MOST, faults


def paths(headers):
    return [fault.path for fault in faults(headers)]


@pytest.mark.parametrize("name", ["List-Unsubscribe", "X-Campaign", "Feedback-ID", "In-Reply-To", "Precedence"])
def test_a_mail_may_say_what_is_its_own_to_say(name):
    assert paths({name: "Grüße"}) == []


@pytest.mark.parametrize(
    "name",
    [
        "From", "TO", "cc", "Bcc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Reply-To",
        "Return-Path", "Sender", "DKIM-Signature", "Received", "X-SES-Configuration-Set", "two words", "", "a:b", "é",
    ],
)  # fmt: skip
def test_what_is_written_by_others_is_not_the_mails_to_set(name):
    assert paths({name: "x"}) == [f"headers.{name}"]


@pytest.mark.parametrize("value", ["", " ", "a\nBcc: c@d.example", "a\u2028b", "x" * (LONGEST_VALUE + 1), "\ud800"])
def test_a_value_is_one_line(value):
    assert paths({"X-Note": value}) == ["headers.X-Note"]


def test_a_header_is_given_once():
    assert paths({"X-Note": "a", "x-note": "b"}) == ["headers.x-note"]


def test_there_is_an_end_to_headers():
    assert paths({f"X-{n}": "a" for n in range(MOST)}) == []
    assert paths({f"X-{n}": "a" for n in range(MOST + 1)}) == ["headers"]

"""Bounces that come back as mail, as servers write them."""

import base64
import quopri
from email import message_from_bytes

import pytest
from hypothesis import given, strategies as st

from couvert.delivery.bounce_mail import read
from couvert.delivery.letters import message_id
from couvert.domain.notice_statements import Unreadable

DELIVERY = 1 << 60
OURS = message_id(DELIVERY, "alice@example.com")


def report(*recipients: str, own_id: str = OURS, part: str = "text/rfc822-headers") -> bytes:
    """As Postfix writes it, with these groups of fields."""
    groups = "\n".join(f"{group}\n" for group in recipients)
    return f"""\
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: alice@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Sun, 22 Nov 2026 06:00:00 +0000 (UTC)

{groups}
--B
Content-Description: Undelivered Message Headers
Content-Type: {part}

From: alice@example.com
Message-ID: {own_id}
Subject: Hello

--B--
""".encode()


def group(action: str, status: str, address: str = "bob@example.org", diagnosis: str = "smtp; 550 no") -> str:
    return (
        f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nRemote-MTA: dns; mx.example.org\n"
        f"Diagnostic-Code: {diagnosis}"
    )


def in_base64(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


def in_quoted_printable(text: str) -> str:
    return quopri.encodestring(text.encode()).decode()


CODES = {str: "8bit", in_base64: "base64", in_quoted_printable: "quoted-printable"}


@pytest.mark.parametrize(("action", "status", "kind", "bounce"), [
    ("failed", "5.1.1", "bounced", "hard"),
    ("failed", "4.4.7", "bounced", "soft"),
    ("failed", "5.7.1", "bounced", "rejected"),
    ("failed", "x", "bounced", "undetermined"),
    ("Failed", "5.1.1 (bad destination mailbox address)", "bounced", "hard"),
    ("delayed", "4.4.1", "delayed", "soft"),
    ("delivered", "2.0.0", "delivered", "undetermined"),
])  # fmt: skip
def test_a_report_says_what_became_of_the_mail(action, status, kind, bounce):
    (said,) = read(report(group(action, status)))

    assert (said.subject.delivery_id, said.recipient, said.kind, said.bounce) == (
        DELIVERY, "bob@example.org", kind, bounce,
    )  # fmt: skip


def test_the_returned_message_may_be_whole():
    (said,) = read(report(group("failed", "5.1.1"), part="message/rfc822"))

    assert said.subject.delivery_id == DELIVERY
    assert said.words == "5.1.1: smtp; 550 no"


@pytest.mark.parametrize("encode", [str, in_base64, in_quoted_printable])
@pytest.mark.parametrize("kind", ["message/delivery-status", "message/global-delivery-status"])
def test_a_report_may_be_encoded_and_of_international_addresses(kind, encode):
    groups = [group("failed", "5.1.1", "utf-8; jörg@example.org"), group("delayed", "4.4.1", "utf-8; eve@example.org")]
    plain = report(*groups).decode().replace("rfc822; utf-8", "utf-8")
    fields = plain[plain.index("Reporting-MTA") : plain.rindex("--B\nContent-Description")]
    encoding = f"{kind}\nContent-Transfer-Encoding: {CODES[encode]}"

    told = read(plain.replace(fields, encode(fields)).replace("message/delivery-status", encoding).encode())

    assert [(one.recipient, one.kind, one.bounce) for one in told] == [
        ("jörg@example.org", "bounced", "hard"), ("eve@example.org", "delayed", "soft")
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["text/rfc822-headers", "message/global-headers", "message/rfc822"])
def test_what_was_returned_may_be_encoded(part):
    raw = report(group("failed", "5.1.1"), part=f"{part}\nContent-Transfer-Encoding: base64").decode()
    headers = raw[raw.index("From: alice") : raw.rindex("\n--B--")]

    [told] = read(raw.replace(headers, in_base64(headers)).encode())

    assert told.subject.delivery_id == DELIVERY


def test_a_mail_of_a_thousand_parts_in_each_other_is_no_bounce():
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3_000))

    with pytest.raises(Unreadable):
        read(nested.encode())


def test_several_recipients_are_several_statements():
    said = read(report(group("failed", "5.1.1", "bob@example.org"), group("delayed", "4.2.2", "charlie@example.org")))

    assert [(each.recipient, each.kind) for each in said] == [
        ("bob@example.org", "bounced"),
        ("charlie@example.org", "delayed"),
    ]


def test_a_diagnosis_may_take_several_lines():
    (said,) = read(report(group("failed", "5.1.1", diagnosis="smtp; 550-5.1.1 The account does\n    not exist")))

    assert said.words == "5.1.1: smtp; 550-5.1.1 The account does not exist"


def test_who_reports_spam_complains():
    raw = f"""\
From: fbl@example.org
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <bob@example.org>

--B
Content-Type: message/rfc822

Message-ID: {OURS}

--B--
""".encode()

    (said,) = read(raw)

    assert (said.kind, said.recipient, said.subject.delivery_id) == ("complained", "bob@example.org", DELIVERY)


def test_a_bounce_of_no_standard_is_read_too():
    raw = f"""\
From: MAILER-DAEMON@mx.example.org
Subject: failure notice

Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<bob@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: {OURS}
""".encode()

    (said,) = read(raw)

    assert (said.kind, said.bounce, said.recipient) == ("bounced", "hard", "bob@example.org")
    assert said.subject.delivery_id == DELIVERY


def test_a_bounce_of_somebody_elses_mail_is_about_nobody_here():
    with pytest.raises(Unreadable, match="Message-ID"):
        read(report(group("failed", "5.1.1"), own_id="<1@example.com>"))


def test_a_mail_that_is_no_bounce_says_nothing():
    with pytest.raises(Unreadable, match="no delivery status notification"):
        read(f"From: bob@example.org\nSubject: Re: Hello\nIn-Reply-To: {OURS}\n\nThanks!\n".encode())


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_no_bounce(raw):
    with pytest.raises(Unreadable):
        read(raw)


@given(st.integers(0, 900), st.binary(min_size=1, max_size=3))
def test_a_report_that_was_damaged_is_read_or_named(at, damage):
    whole = report(group("failed", "5.1.1"))
    raw = whole[:at] + damage + whole[at + len(damage) :]

    try:
        read(raw)
    except Unreadable:
        assert message_from_bytes(raw) is not None


@pytest.mark.parametrize("byte", [b"\xe9", b"\x80"])
def test_an_action_that_is_no_text_is_named_as_unreadable(byte):
    raw = report(group("failed", "5.1.1")).replace(b"Action: failed", b"Action: fai" + byte + b"led")

    with pytest.raises(Unreadable, match="stumbled over it"):
        read(raw)

"""What Amazon SES says is read as statements, whatever its notices hold besides."""

import json

import pytest
from hypothesis import given, strategies as st

from couvert.domain.notice_statements import OtherKind, Statement, Unreadable, bounce_kind, delivery_named
from couvert.domain.ses_notices import read
from couvert.domain.sns import essence
from tests.commands.ses_notices import in_envelope, ses_notice

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
PARTS = ["mail", "bounce", "complaint", "delivery", "send", "reject", "failure", "deliveryDelay"]
WORDS = ["Bounce", "Complaint", "Delivery", "Send", "Reject", "Rendering Failure", "DeliveryDelay", "Open"]


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_read_or_named(raw):
    assert_read_or_named(raw)


@given(
    st.fixed_dictionaries(
        {"eventType": st.sampled_from(WORDS)}, optional=dict.fromkeys(PARTS, json_values)
    ).map(lambda notice: json.dumps(notice).encode())
)  # fmt: skip
def test_a_notice_may_hold_anything_where_something_else_is_due(raw):
    assert_read_or_named(raw)


@given(st.sampled_from(["Bounce", "DeliveryDelay", "Complaint"]), json_values, json_values)
def test_lists_may_hold_anything_where_recipients_are_due(kind, value, mail):
    part = kind[0].lower() + kind[1:]
    lists = {name: [value] for name in ("bouncedRecipients", "delayedRecipients", "complainedRecipients")}

    assert_read_or_named(json.dumps({"eventType": kind, "mail": {"tags": mail}, part: lists}).encode())


def assert_read_or_named(raw):
    try:
        statements = read(raw)
    except (Unreadable, OtherKind):
        return
    assert all(isinstance(statement, Statement) for statement in statements)


def test_a_notice_says_the_same_in_its_envelope_and_without():
    notice = ses_notice("Complaint", "bob@example.org", tagged=(1 << 60, 2))

    assert read(in_envelope(notice)) == read(notice)
    assert essence(in_envelope(notice)) == notice == essence(notice)


def test_the_older_form_says_the_same():
    old, new = (ses_notice("hard bounce", "bob@example.org", is_old_form=is_old) for is_old in (True, False))

    assert read(old) == read(new)


def test_each_recipient_has_a_statement_of_its_own():
    statements = read(ses_notice("soft bounce", "bob@example.org", "charlie@example.org"))

    assert [(said.recipient, said.kind, said.bounce) for said in statements] == [
        ("bob@example.org", "bounced", "soft"),
        ("charlie@example.org", "bounced", "soft"),
    ]


def test_a_bounce_of_which_the_server_says_that_it_is_a_delay_is_one():
    notice = json.loads(ses_notice("soft bounce", "bob@example.org"))
    notice["bounce"]["bouncedRecipients"][0]["action"] = "delayed"

    (said,) = read(json.dumps(notice).encode())

    assert said.kind == "delayed"


def test_two_delays_for_the_same_reason_are_two():
    first, second = (
        read(ses_notice("DeliveryDelay", "bob@example.org", at=f"2027-01-15T0{hour}:00:00Z")) for hour in (8, 9)
    )

    assert first != second


def test_who_reports_that_a_mail_is_no_spam_complains_of_nothing():
    notice = json.loads(ses_notice("Complaint", "bob@example.org"))
    notice["complaint"]["complaintFeedbackType"] = "not-spam"

    with pytest.raises(OtherKind, match="not-spam"):
        read(json.dumps(notice).encode())


@pytest.mark.parametrize(("kind", "subkind", "status", "diagnosis", "expected"), [
    ("hard", "General", "5.1.1", "smtp; 550 5.1.1 user unknown", "hard"),
    ("soft", "MailboxFull", "4.2.2", None, "soft"),
    ("soft", "ContentRejected", None, None, "rejected"),
    ("soft", "MessageTooLarge", "5.2.3", None, "rejected"),
    ("hard", "General", "5.7.1", "smtp; 554 5.7.1 spam", "rejected"),
    ("hard", "General", "5.0.0", "smtp; 550 5.7.26 unauthenticated mail is prohibited", "rejected"),
    ("hard", "Suppressed", None, "Amazon SES has suppressed sending to this address", "hard"),
    ("undetermined", "Undetermined", None, None, "undetermined"),
])  # fmt: skip
def test_who_rejects_the_content_says_nothing_about_the_address(kind, subkind, status, diagnosis, expected):
    assert bounce_kind(kind, subkind, status, diagnosis) == expected


def test_a_message_id_that_is_none_of_ours_names_nobody():
    assert delivery_named("<0102018f-1@eu-west-1.amazonses.com>") is None
    assert delivery_named("") is None

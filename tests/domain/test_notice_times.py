"""When what a notice tells of happened."""

import json

import pytest
from hypothesis import given, strategies as st

from couvert.domain.notice_times import told_at
from tests.commands.ses_notices import in_envelope, ses_notice
from tests.domain.test_ses_notices import PARTS, json_values
from tests.store.changes import NOW

LATER = "2027-01-15T08:00:05.250Z"


@pytest.mark.parametrize("kind", ["Delivery", "hard bounce", "Complaint", "DeliveryDelay"])
def test_the_event_has_a_time_of_its_own(kind):
    notice = ses_notice(kind, "bob@example.com", at=LATER)

    assert told_at(notice) == told_at(in_envelope(notice)) == NOW + 5_250


@pytest.mark.parametrize("kind", ["Send", "Reject", "Rendering Failure"])
def test_what_else_there_is_happened_when_the_mail_was_taken(kind):
    assert told_at(ses_notice(kind, "bob@example.com", at=LATER)) == NOW


@pytest.mark.parametrize("raw", [b"", b"From: a@example.com\r\n\r\nbounced", b"[]", b'"mail"', b'{"mail": {}}'])
def test_what_says_no_time_has_none(raw):
    assert told_at(raw) is None


@given(st.dictionaries(st.sampled_from(PARTS), json_values | st.dictionaries(st.just("timestamp"), json_values)))
def test_whatever_a_notice_holds_it_is_a_time_or_none(notice):
    assert isinstance(told_at(json.dumps(notice).encode()), int | None)

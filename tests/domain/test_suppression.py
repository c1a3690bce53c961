"""Suppressions: what causes them, what does not, and when they end."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery_events import Begun, Bounced, Complained, Deferred, Delivered, Failed, Sent
from couvert.domain.refusals import NotFound, RuleBroken
from couvert.domain.suppression import (
    Consequence,
    SuppressionAdded,
    SuppressionChanged,
    SuppressionExpired,
    SuppressionRemoved,
    blank,
    cause,
    check_expiry,
    evolve,
    existing,
    expire,
    heard,
    is_in_force,
    mark_of,
    replace,
)

NOW = 1_800_000_000_000


def suppression(reason="manual", *, delivery=None, expires_at=None):
    return evolve(blank(1, "bob@example.org"), SuppressionAdded(reason, delivery, None, expires_at), NOW)


@pytest.mark.parametrize(("event", "reason"), [
    (Bounced(1, "hard"), "hard_bounce"), (Complained(1), "complaint"), (Bounced(1, "soft"), None),
    (Bounced(1, "rejected"), None), (Delivered(1), None), (Failed(1, "refused"), None), (Deferred(1, NOW), None),
    (Sent(1, "id"), None),
])  # fmt: skip
def test_hard_bounces_and_complaints_suppress_at_once_and_nothing_else_does(event, reason):
    assert heard(event, [], 0, 3).reason == reason


def test_the_third_soft_bounce_in_a_row_suppresses_and_the_row_begins_anew():
    counts, reasons = 0, []
    for _ in range(4):
        reason, counts = heard(Bounced(1, "soft"), [Begun(1)], counts, 3)
        reasons.append(reason)

    assert reasons == [None, None, "soft_bounces", None]
    assert counts == 1


def test_a_delivered_mail_ends_the_row_and_one_that_was_taken_does_not():
    assert heard(Delivered(1), [], 2, 3) == Consequence(None, 0)
    assert heard(Sent(1, "id"), [], 2, 3) == Consequence(None, 2)


def test_no_number_of_soft_bounces_suppresses_if_the_setting_is_none():
    assert heard(Bounced(1, "soft"), [], 1_000, 0) == Consequence(None, 1_001)


@given(st.sampled_from([Bounced(1, "hard"), Bounced(1, "soft"), Complained(1), Delivered(1)]), st.integers(0, 5))
def test_what_is_said_twice_of_one_delivery_counts_once(event, soft_bounces):
    assert heard(event, [Begun(1), event], soft_bounces, 3) == Consequence(None, soft_bounces)


def test_the_first_cause_is_kept_unless_the_next_one_lasts_longer():
    assert cause(None, "complaint", 7) == SuppressionAdded("complaint", 7, None, None)
    assert cause(suppression(), "complaint", 7) is None
    assert cause(suppression(expires_at=NOW + 5), "complaint", 7) == SuppressionChanged("complaint", 7, None)


def test_it_is_in_force_until_its_end_and_not_a_moment_longer():
    ending = suppression(expires_at=NOW + 5)

    assert is_in_force(ending, NOW + 4)
    assert not is_in_force(ending, NOW + 5)
    assert is_in_force(suppression(), NOW + 10**12)
    assert not is_in_force(None, NOW)


@pytest.mark.parametrize("end", [SuppressionRemoved(), SuppressionExpired()])
def test_one_that_ended_is_nobodys_and_knows_no_address(end):
    ended = evolve(suppression(), end, NOW)

    assert not is_in_force(ended, NOW)
    assert ended.address == ""
    with pytest.raises(NotFound):
        existing(ended, NOW)


def test_its_end_is_recorded_once_and_not_before():
    ending = suppression(expires_at=NOW + 5)

    assert expire(ending, NOW + 4) is None
    assert expire(ending, NOW + 5) == SuppressionExpired()
    assert expire(evolve(ending, SuppressionExpired(), NOW + 5), NOW + 6) is None
    assert expire(suppression(), NOW + 6) is None


def test_replacing_it_changes_what_is_different_and_forgets_a_delivery_that_is_no_reason_any_more():
    bounced = suppression("hard_bounce", delivery=7)

    assert replace(bounced, None, None, NOW) is None
    assert replace(bounced, "hard_bounce", NOW + 5, NOW) == SuppressionChanged("hard_bounce", 7, NOW + 5)
    assert replace(bounced, "manual", None, NOW) == SuppressionChanged("manual", None, None)
    with pytest.raises(RuleBroken):
        replace(bounced, None, NOW, NOW)


def test_none_is_entered_that_has_ended_already():
    check_expiry(NOW + 1, NOW)
    check_expiry(None, NOW)
    with pytest.raises(RuleBroken):
        check_expiry(NOW, NOW)


def test_an_address_is_one_however_its_letters_are_written():
    assert mark_of("Bob@Example.org") == mark_of("bob@example.ORG")
    assert mark_of("bob@example.org") != mark_of("bob@example.com")

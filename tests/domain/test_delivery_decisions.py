"""What is decided about a delivery: whether an attempt may begin, when the next one is due, what a lost one means."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery import State, begin, defer, has_begun, lose
from couvert.domain.delivery_events import Begun, Deferred, Expired, Failed, OutcomeUnknown, Requeued
from tests.domain.deliveries import DAY, NOW, begun, waiting

instants = st.integers(NOW, NOW + 2 * DAY)
wishes = st.none() | st.floats(-10, 100_000)
chances = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("attempt", [0, 1, 7])
def test_an_attempt_has_the_next_number(attempt):
    assert begin(waiting(attempt=attempt), NOW) == Begun(attempt + 1)


@pytest.mark.parametrize("state", [state for state in State if state is not State.QUEUED])
def test_only_what_waits_is_begun(state):
    assert begin(waiting(state=state, due_at=None), NOW) is None


def test_what_is_under_way_is_not_begun_again():
    assert begin(begun(), NOW) is None


@given(instants, instants)
def test_nothing_is_begun_once_its_time_is_over(now, expires_at):
    event = begin(waiting(expires_at=expires_at), now)

    assert isinstance(event, Begun) == (now < expires_at and now < NOW + DAY)
    assert isinstance(event, Expired) == (now >= expires_at)


def test_what_nobody_took_within_a_day_has_failed():
    assert begin(waiting(attempt=3), NOW + DAY) == Failed(3, "not_taken_in_time")


@given(instants, st.integers(0, 50), wishes, chances, st.none() | instants)
def test_the_next_attempt_is_within_the_day_and_no_later_than_the_expiry(now, deferrals, wish, chance, expires_at):
    event = defer(begun(deferrals=deferrals, expires_at=expires_at), 1, now, wish, chance)

    if isinstance(event, Deferred):
        assert now <= event.due_at < NOW + DAY
        assert expires_at is None or event.due_at <= max(expires_at, now)
    else:
        assert event == Failed(1, "not_taken_in_time")
        assert now + 2 * 3_600_000 >= NOW + DAY


@given(instants, wishes, chances)
def test_a_delivery_that_expires_first_is_looked_at_right_then(now, wish, chance):
    event = defer(begun(expires_at=now + 100), 1, now, wish, chance)

    assert event in (Deferred(1, now + 100), Failed(1, "not_taken_in_time"))


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.BOUNCED])
def test_under_hold_a_lost_attempt_is_unknown_and_no_more(state):
    assert lose(begun(state=state), 1, NOW, "hold") == [OutcomeUnknown(1)]


def test_under_resend_a_lost_attempt_is_sent_again_at_once():
    assert lose(begun(), 1, NOW, "resend") == [OutcomeUnknown(1), Requeued(NOW, "policy")]


@pytest.mark.parametrize(("delivery", "attempt", "now"), [
    (begun(2, is_resent=True), 2, NOW),
    (begun(2), 1, NOW),
    (begun(state=State.SENT), 1, NOW),
    (begun(state=State.DELIVERED), 1, NOW),
    (waiting(attempt=1), 1, NOW),
    (waiting(attempt=1, state=State.UNKNOWN, due_at=None), 1, NOW),
    (begun(), 1, NOW + DAY),
    (begun(expires_at=NOW), 1, NOW),
], ids=[
    "sent again once before", "a newer one is under way", "an older one was sent", "it was delivered", "it waits",
    "held as unknown", "its day is over", "it has expired",
])  # fmt: skip
def test_nothing_is_sent_again(delivery, attempt, now):
    assert lose(delivery, attempt, now, "resend") == [OutcomeUnknown(attempt)]


@pytest.mark.parametrize(("attempt", "is_believable"), [(0, False), (1, True), (2, True), (3, False), (-1, False)])
def test_an_outcome_is_believable_from_an_attempt_that_was_begun(attempt, is_believable):
    assert has_begun(begun(2), attempt) is is_believable

"""What is decided by hand: only what waits is stopped, only what failed or is in doubt is decided anew."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery import State, begin, evolve
from couvert.domain.delivery_events import Begun, Cancelled, Requeued, ResolvedAsSent
from couvert.domain.intervention import cancel, resolve, try_again
from tests.domain.deliveries import DAY, NOW, begun, waiting

states = st.sampled_from(State)
decisions = st.sampled_from([None, "resend", "sent"])
instants = st.integers(NOW, NOW + 3 * DAY)


@given(states, st.booleans())
def test_exactly_what_waits_is_cancelled(state, is_begun):
    delivery = begun(state=state) if is_begun else waiting(state=state)

    assert (cancel(delivery) == Cancelled()) == (state is State.QUEUED and not is_begun)


def test_what_was_cancelled_is_never_begun():
    cancelled = evolve(waiting(), Cancelled())

    assert cancelled.state is State.CANCELLED
    assert begin(cancelled, NOW) is None
    assert cancel(cancelled) is None


@given(states, decisions, instants)
def test_only_what_failed_or_is_unknown_is_decided_anew(state, unknown, now):
    delivery = waiting(state=state, attempt=1, due_at=None)

    event = try_again(delivery, now, unknown)

    assert isinstance(event, ResolvedAsSent) == (state is State.UNKNOWN and unknown == "sent")
    assert isinstance(event, Requeued) == (
        state is State.FAILED or (state is State.UNKNOWN and unknown == "resend")
    )  # fmt: skip


@given(st.sampled_from([State.FAILED, State.UNKNOWN]), instants)
def test_what_is_tried_again_is_begun_at_once_however_long_ago_its_day_was(state, now):
    delivery = waiting(state=state, attempt=4, due_at=None)
    event = try_again(delivery, now, "resend")
    assert event is not None

    again = evolve(delivery, event)

    assert begin(again, now) == Begun(5)
    assert again.give_up_at == now + DAY


@given(st.sampled_from([State.FAILED, State.UNKNOWN]), instants)
def test_what_has_expired_is_not_sent_again(state, now):
    delivery = waiting(state=state, attempt=1, due_at=None, expires_at=now)

    assert try_again(delivery, now, "resend") is None


def test_what_is_unknown_can_be_called_sent_after_its_expiry():
    delivery = waiting(state=State.UNKNOWN, attempt=2, due_at=None, expires_at=NOW)

    event = resolve(delivery, NOW, "sent")

    assert event == ResolvedAsSent(2)
    assert evolve(delivery, event).state is State.SENT


@pytest.mark.parametrize("state", [state for state in State if state is not State.UNKNOWN])
@pytest.mark.parametrize("decision", ["resend", "sent"])
def test_what_is_known_needs_no_decision(state, decision):
    assert resolve(waiting(state=state, due_at=None), NOW, decision) is None

"""What events leave: any log folds, whatever order notices came in, and a delivery is never between two states."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery import Delivery, State, evolve
from couvert.domain.delivery_events import (
    Begun,
    Bounced,
    Cancelled,
    Complained,
    Confirmed,
    Deferred,
    Delayed,
    Delivered,
    Expired,
    Failed,
    OutcomeUnknown,
    Released,
    Requeued,
    ResolvedAsSent,
    Sent,
    Suppressed,
)
from tests.domain.deliveries import BY_NOTICE, DAY, EVERY_EVENT, NOW, begun, events, notices, waiting

ORDER = [State.QUEUED, State.UNKNOWN, *BY_NOTICE]


def after(delivery: Delivery, *happened) -> Delivery:
    for event in happened:
        delivery = evolve(delivery, event)
    return delivery


@given(st.lists(events, max_size=12))
def test_any_events_in_any_order_leave_a_delivery_that_waits_exactly_if_it_is_due(happened):
    delivery = after(waiting(), *happened)

    is_waiting = delivery.state is State.QUEUED and not delivery.is_begun
    assert (delivery.due_at is not None) == is_waiting


def test_every_event_there_is_is_among_those_tried():
    assert {type(event) for event in ONE_OF_EACH} == set(EVERY_EVENT)


ONE_OF_EACH = [
    Begun(2), Released(1, NOW + 5), Deferred(1, NOW + 5), Sent(1, "id"), Failed(1, "refused"), OutcomeUnknown(1),
    Requeued(NOW + 5, "policy"), Delivered(1), Bounced(1, "hard"), Complained(1), Expired(), Cancelled(),
    ResolvedAsSent(1), Suppressed(7, "complaint"), Confirmed(1, "id"), Delayed(1),
]  # fmt: skip


@given(st.lists(events, max_size=8), notices)
def test_a_notice_never_moves_a_delivery_back(happened, notice):
    before = after(waiting(), *happened)

    now = evolve(before, notice)

    assert now.state in BY_NOTICE
    assert before.state not in ORDER or ORDER.index(now.state) >= ORDER.index(before.state)


@given(st.lists(notices, min_size=1, max_size=6).flatmap(lambda many: st.tuples(st.just(many), st.permutations(many))))
def test_notices_leave_the_same_state_in_any_order_and_any_number(both):
    once, shuffled = both
    sent = after(begun(), Sent(1, "id"))

    assert after(sent, *once) == after(sent, *shuffled, *once)


@pytest.mark.parametrize("state", BY_NOTICE)
@pytest.mark.parametrize("event", [
    Released(1, NOW + 5), Deferred(1, NOW + 5), Sent(1, "again"), Failed(1, "refused"), OutcomeUnknown(1),
], ids=lambda event: type(event).__name__)  # fmt: skip
def test_what_was_taken_stays_taken_whatever_its_attempt_reports(state, event):
    now = evolve(begun(state=state), event)

    assert (now.state, now.is_begun, now.due_at) == (state, False, None)


@pytest.mark.parametrize(("event", "state", "due_at"), [
    (Sent(1, "id"), State.SENT, None),
    (Failed(1, "refused"), State.FAILED, None),
    (Deferred(1, NOW + 5), State.QUEUED, NOW + 5),
    (Released(1, NOW + 5), State.QUEUED, NOW + 5),
    (OutcomeUnknown(1), State.UNKNOWN, None),
], ids=lambda value: type(value).__name__)  # fmt: skip
@pytest.mark.parametrize("lost", [(), (OutcomeUnknown(1),)], ids=["in time", "after it was given up as unknown"])
def test_an_outcome_is_believed_from_the_attempt_that_began(lost, event, state, due_at):
    now = after(begun(), *lost, event)

    assert (now.state, now.is_begun, now.due_at) == (state, False, due_at)


@pytest.mark.parametrize("event", [
    Released(1, NOW + 5), Deferred(1, NOW + 5), Failed(1, "refused"), OutcomeUnknown(1),
], ids=lambda event: type(event).__name__)  # fmt: skip
@pytest.mark.parametrize("newer", [
    begun(2),
    waiting(attempt=2, due_at=NOW + 7),
    waiting(attempt=2, state=State.UNKNOWN, due_at=None),
], ids=["under way", "deferred", "unknown"])  # fmt: skip
def test_a_late_outcome_of_an_older_attempt_changes_nothing_about_a_newer_one(newer, event):
    assert evolve(newer, event) == newer


@pytest.mark.parametrize("newer", [begun(2), waiting(attempt=2), waiting(attempt=2, state=State.UNKNOWN, due_at=None)])
def test_an_older_attempt_that_was_taken_after_all_ends_the_waiting_and_leaves_the_newer_one_to_report(newer):
    now = evolve(newer, Sent(1, "id"))

    assert (now.state, now.due_at, now.is_begun) == (State.SENT, None, newer.is_begun)


def test_an_unknown_that_is_reported_twice_does_not_undo_the_decision_to_send_again():
    decided = after(begun(), OutcomeUnknown(1), Requeued(NOW + 5, "policy"))

    assert evolve(decided, OutcomeUnknown(1)) == decided


@pytest.mark.parametrize("notice", [Confirmed(1, "id"), Delayed(1)], ids=str)
def test_a_provider_that_has_the_message_decides_an_unknown_as_sent(notice):
    unknown = after(begun(), OutcomeUnknown(1))

    assert evolve(unknown, notice).state is State.SENT


def test_a_delay_says_nothing_new_about_what_was_sent():
    sent = after(begun(), Sent(1, "id"))

    assert evolve(sent, Delayed(1)) == sent


def test_a_refused_mail_turns_out_to_have_been_sent():
    refused = after(begun(), OutcomeUnknown(1), Requeued(NOW, "operator"), Begun(2), Failed(2, "refused"))

    assert refused.state is State.FAILED
    assert evolve(refused, Delivered(1)).state is State.DELIVERED


@pytest.mark.parametrize("state", [State.FAILED, State.EXPIRED, State.SUPPRESSED, State.CANCELLED])
@pytest.mark.parametrize("event", [
    Deferred(1, NOW + 5), Released(1, NOW + 5), Failed(1, "refused"), OutcomeUnknown(1),
], ids=lambda event: type(event).__name__)  # fmt: skip
def test_what_has_ended_is_left_only_by_a_retry(state, event):
    ended = waiting(attempt=1, state=state, due_at=None)

    assert evolve(ended, event)._replace(deferrals=0) == ended
    assert evolve(ended, Requeued(NOW + 5, "operator")).state is State.QUEUED


def test_deferrals_are_counted_and_releases_are_not():
    now = after(waiting(), Begun(1), Deferred(1, NOW), Begun(2), Released(2, NOW), Begun(3), Deferred(3, NOW))

    assert (now.attempt, now.deferrals) == (3, 2)


def test_a_decision_to_try_again_gives_a_day_of_its_own_and_short_pauses():
    failed = waiting(attempt=9, deferrals=9, state=State.FAILED, due_at=None)

    now = evolve(failed, Requeued(NOW + DAY, "operator", NOW + 2 * DAY))

    assert (now.state, now.due_at, now.give_up_at, now.deferrals) == (State.QUEUED, NOW + DAY, NOW + 2 * DAY, 0)


def test_the_policy_repeats_an_attempt_within_its_day():
    unknown = waiting(attempt=1, deferrals=3, state=State.UNKNOWN, due_at=None)

    now = evolve(unknown, Requeued(NOW + 5, "policy"))

    assert (now.give_up_at, now.deferrals) == (NOW + DAY, 3)


@pytest.mark.parametrize("late", [Deferred(1, NOW), Failed(1, "refused"), OutcomeUnknown(1), Released(1, NOW)])
def test_what_was_declared_sent_stays_sent_whatever_its_attempt_still_reports(late):
    resolved = after(begun(), OutcomeUnknown(1), ResolvedAsSent(1))

    assert evolve(resolved, late).state is State.SENT
    assert evolve(resolved, Bounced(1, "hard")).state is State.BOUNCED

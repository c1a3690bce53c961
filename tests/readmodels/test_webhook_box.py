"""The box of messages: what is due, what ended, what is asked for again, and what is forgotten in time."""

import pytest

from couvert.domain.webhook_calls import GIVE_UP_AFTER_MS
from couvert.readmodels.log import Mark
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import Attempt, MessageState, queued
from couvert.readmodels.webhooks.names import message_id, position_of

NOW = 1_800_000_000_000
ONE, OTHER = 250_000_000_000_000_000, 250_000_000_000_000_001


@pytest.fixture
def box(tmp_path):
    with Box(tmp_path) as box:
        yield box


def attempted(message, state, due_at=None):
    return message._replace(state=state, due_at=due_at, attempts=message.attempts + 1, tries=message.tries + 1)


def attempt(number=1, at=NOW, status=500):
    return Attempt(number, at, 12, status, None, "no")


def ended(box, position, state, at=NOW):
    message = queued(ONE, position, at)
    box.add(message)
    box.record(attempted(message, state), attempt(at=at))


def test_messages_and_mark_come_together_and_survive(tmp_path):
    with Box(tmp_path) as box:
        assert box.mark() is None
        box.advance([queued(ONE, 7, NOW)], Mark(9, 3, NOW))
    with Box(tmp_path) as box:
        assert box.mark() == Mark(9, 3, NOW)
        assert box.due(ONE, NOW, 10) == [queued(ONE, 7, NOW)]


def test_a_message_that_is_there_stays_as_it_is(box):
    message = queued(ONE, 7, NOW)
    box.add(message)
    box.record(attempted(message, MessageState.TOLD), attempt())
    box.advance([message], Mark(9, 3, NOW))
    assert box.due(ONE, NOW, 10) == []


def test_what_is_due_comes_the_longest_due_first_and_of_one_webhook(box):
    for webhook, position, due_at in [(ONE, 1, 30), (ONE, 2, 10), (ONE, 3, 40), (OTHER, 4, 5)]:
        box.add(queued(webhook, position, NOW)._replace(due_at=due_at))
    assert [message.position for message in box.due(ONE, 30, 10)] == [2, 1]
    assert [message.position for message in box.due(ONE, 99, 1)] == [2]
    assert box.backlog().waiting == 4


def test_attempts_are_listed_newest_first_in_pages(box):
    for position in (1, 2, 3):
        ended(box, position, MessageState.FAILED)
    first = box.attempts(ONE, before=None, skip=0, limit=2)
    assert [listed.position for listed in first] == [3, 2]
    assert first[0].attempt == attempt()
    assert first[0].state is MessageState.FAILED
    assert [listed.position for listed in box.attempts(ONE, before=first[-1].id, skip=0, limit=2)] == [1]
    assert [listed.position for listed in box.attempts(ONE, before=None, skip=1, limit=1)] == [2]
    assert box.attempts(OTHER, before=None, skip=0, limit=2) == []


def test_all_that_failed_since_a_time_are_due_again(box):
    ended(box, 1, MessageState.FAILED, at=NOW - 1)
    ended(box, 2, MessageState.FAILED)
    ended(box, 3, MessageState.TOLD)
    assert box.replay_failed(ONE, NOW, NOW + 5) == 1
    (message,) = box.due(ONE, NOW + 5, 10)
    assert (message.position, message.attempts, message.tries) == (2, 1, 0)
    assert message.give_up_at == NOW + 5 + GIVE_UP_AFTER_MS


def test_one_message_is_due_again_however_it_ended(box):
    ended(box, 3, MessageState.TOLD)
    assert box.replay(ONE, 3, NOW)
    assert not box.replay(ONE, 4, NOW)
    assert not box.replay(OTHER, 3, NOW)
    assert [message.position for message in box.due(ONE, NOW, 10)] == [3]


def test_what_waits_for_nobody_has_failed_and_of_the_deleted_nothing_stays(box):
    for webhook in (ONE, OTHER):
        box.add(queued(webhook, 1, NOW))
        box.record(attempted(queued(webhook, 1, NOW), MessageState.WAITING, due_at=NOW), attempt())
    box.settle(active=[], existing=[ONE])
    assert box.backlog().waiting == 0
    assert box.attempts(ONE, before=None, skip=0, limit=9)[0].state is MessageState.FAILED
    assert box.attempts(OTHER, before=None, skip=0, limit=9) == []


def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(box):
    ended(box, 1, MessageState.TOLD, at=NOW - 1)
    ended(box, 2, MessageState.TOLD)
    box.add(queued(ONE, 3, NOW - 1))
    box.prune(NOW)
    assert [listed.position for listed in box.attempts(ONE, before=None, skip=0, limit=9)] == [2]
    assert not box.replay(ONE, 1, NOW)
    assert box.backlog().waiting == 1


def test_another_process_may_ask_meanwhile(tmp_path):
    with Box(tmp_path) as pump, Box(tmp_path) as door:
        pump.add(queued(ONE, 1, NOW))
        assert door.backlog().waiting == 1
        assert door.replay(ONE, 1, NOW + 5)
        assert pump.due(ONE, NOW + 5, 1)[0].due_at == NOW + 5


@pytest.mark.parametrize("position", [1, 4711, -1_769_860_800_000])
def test_a_message_is_called_the_same_for_ever(position):
    name = message_id(ONE, position)
    assert position_of(ONE, name) == position
    assert position_of(OTHER, name) is None


@pytest.mark.parametrize("name", ["", "msg_1", "msg_06y5f5y6m0000_0", "msg_06y5f5y6m0000_x", "dlv_06y5f5y6m0000_1"])
def test_what_is_no_message_has_no_position(name):
    assert position_of(ONE, name) is None


# --- What is too much, or too old -------------------------------------------------------------------------------------


def test_of_what_is_too_much_the_oldest_goes_and_of_that_webhook_alone(box):
    for position in range(1, 13):
        box.add(queued(ONE, position, NOW + position))
    box.add(queued(OTHER, 99, NOW))

    assert box.drop(most=10, overdue_at=NOW) == {ONE: 3}
    assert box.backlog(ONE) == (9, NOW + 4, 3)
    assert box.backlog(OTHER) == (1, NOW, 0)
    assert box.backlog() == (10, NOW, 3)
    assert box.drop(most=10, overdue_at=NOW) == {}


@pytest.mark.parametrize(
    ("state", "due_at", "left"),
    [(MessageState.WAITING, NOW + 9, MessageState.DROPPED), (MessageState.TOLD, None, MessageState.TOLD)],
)
def test_what_was_given_up_while_it_was_under_way_stays_so_unless_it_arrived(box, state, due_at, left):
    message = queued(ONE, 7, NOW)
    box.add(message)
    box.drop(most=100, overdue_at=message.give_up_at + 1)
    box.record(attempted(message, state, due_at), attempt())

    [listed] = box.attempts(ONE, before=None, skip=0, limit=9)
    assert (listed.state, listed.due_at) == (left, None)

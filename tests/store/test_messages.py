"""Malformed messages and results that are due: kept until nobody needs them."""

import pytest

from couvert.store.changes import Change
from couvert.store.messages import Echo, MalformedMessage, ResultDue
from couvert.store.rows import QUEUE
from tests.store.changes import NOW, SECOND, WORKER, accepted, begun, ended, mail, stored

UNTIL = NOW + 30 * SECOND
MALFORMED = MalformedMessage("m-1", NOW, "{ü\ud800", "not JSON", Echo("e-1", None, "bob@example.org", None))


async def malformed(store, *messages, told=False):
    due = [ResultDue(message_id=each.message_id) for each in messages] if told else []
    await store.commit(Change(at=NOW, malformed=messages, results_due=due))


async def waiting(store, ids, *, until=UNTIL, recipients=1):
    """A delivery that waits in the queue's name."""
    change = mail(ids, recipients=recipients)
    change.new_deliveries = [row._replace(wake_at=until, owner=QUEUE) for row in change.new_deliveries]
    return await accepted(store, change)


# --- Malformed messages -----------------------------------------------------------------------------------------------


async def test_a_malformed_message_is_kept_as_it_came(store):
    await malformed(store, MALFORMED)

    assert await store.malformed_message("m-1") == MALFORMED
    assert await store.kept_messages(10) == [MALFORMED]
    assert await store.count_kept_messages() == 1


async def test_one_that_comes_again_replaces_what_was_kept_of_it(store):
    await malformed(store, MALFORMED)

    again = MALFORMED._replace(received_at=NOW + 1, fault="still not JSON")
    await malformed(store, again)

    assert await store.kept_messages(10) == [again]


async def test_the_longest_kept_come_first(store):
    late, early = MALFORMED._replace(received_at=NOW + 1), MALFORMED._replace(message_id="m-2")
    await malformed(store, late, early)

    assert await store.kept_messages(1) == [early]


async def test_one_that_is_buried_is_gone(store):
    await malformed(store, MALFORMED)

    await store.commit(Change(at=NOW, buried=["m-1", "m-2"]))

    assert await store.malformed_message("m-1") is None
    assert await store.count_kept_messages() == 0


async def test_one_whose_result_is_due_is_there_until_it_is_told_but_without_its_body(store):
    await malformed(store, MALFORMED, told=True)
    await store.commit(Change(at=NOW, buried=["m-1"]))

    assert await store.malformed_message("m-1") == MALFORMED._replace(body=None)
    assert await store.kept_messages(10) == []

    await store.commit(Change(at=NOW, results_told=[1]))

    assert await store.malformed_message("m-1") is None


async def test_one_that_nobody_buried_stays_when_its_result_is_told(store):
    await malformed(store, MALFORMED, told=True)

    await store.commit(Change(at=NOW, results_told=[1]))

    assert await store.kept_messages(10) == [MALFORMED]


# --- Results that are due ---------------------------------------------------------------------------------------------


async def test_results_are_due_in_their_order_until_they_are_told(store):
    await store.commit(Change(at=NOW, results_due=[ResultDue(7), ResultDue(8)]))
    await store.commit(Change(at=NOW, results_due=[ResultDue(7)]))
    assert await store.results_due(10) == [ResultDue(7, None, 1), ResultDue(8, None, 2), ResultDue(7, None, 3)]

    await store.commit(Change(at=NOW, results_told=[1, 3, 99]))

    assert await store.results_due(10) == [ResultDue(8, None, 2)]


async def test_a_number_is_given_once(store):
    """Whoever tells the first late must not take the second with it."""
    await store.commit(Change(at=NOW, results_due=[ResultDue(7)]))
    await store.commit(Change(at=NOW, results_told=[1]))

    await store.commit(Change(at=NOW, results_due=[ResultDue(8)]))

    assert await store.results_due(10) == [ResultDue(8, None, 2)]


# --- Deliveries in the queue's name -----------------------------------------------------------------------------------


async def test_what_waits_in_the_queues_name_is_taken_over_once_with_its_recipient(store, ids):
    row = await waiting(store, ids)

    (taken,) = await store.take_over(owner=WORKER, deliveries=[row.delivery.id], until=UNTIL)

    assert taken.stored == row._replace(revision=2, wake_at=UNTIL, owner=WORKER)
    assert taken.recipient is not None
    assert await stored(store, row.delivery.id) == taken.stored
    assert await store.take_over(owner=WORKER, deliveries=[row.delivery.id], until=UNTIL) == []


async def test_it_may_be_taken_over_late_as_long_as_nobody_else_has_it(store, ids):
    late = await waiting(store, ids, until=NOW - 1)
    gone = await waiting(store, ids, until=NOW - 2)
    await store.take(owner=WORKER, now=NOW, until=UNTIL, limit=1)

    taken = await store.take_over(owner=WORKER, deliveries=[gone.delivery.id, late.delivery.id], until=UNTIL)

    assert [each.stored.delivery.id for each in taken] == [late.delivery.id]


async def test_workers_let_it_be_until_its_time_is_over(store, ids):
    row = await waiting(store, ids)

    assert await store.take(owner=WORKER, now=UNTIL - 1, until=UNTIL + 1, limit=10) == []
    (taken,) = await store.take(owner=WORKER, now=UNTIL, until=UNTIL + 1, limit=10)

    assert taken.stored.delivery == row.delivery


@pytest.mark.parametrize("fate", ["due", "begun", "ended"])
async def test_what_is_not_in_the_queues_name_is_nobodys_to_take_over(store, ids, fate):
    row = await accepted(store, mail(ids))
    if fate != "due":
        (taken,) = await store.take(owner=WORKER, now=NOW, until=UNTIL, limit=1)
        await store.commit(begun(taken.stored, until=UNTIL) if fate == "begun" else ended(taken.stored))

    assert await store.take_over(owner=WORKER + 1, deliveries=[row.delivery.id, 4711], until=UNTIL) == []
    assert await store.take_over(owner=WORKER + 1, deliveries=[], until=UNTIL) == []

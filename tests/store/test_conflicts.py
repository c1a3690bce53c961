"""What cannot be kept fails alone: a conflict, a faulty item, and never a neighbour that shared its sync."""

import asyncio
from typing import cast

import pytest

from couvert.domain.delivery import State
from couvert.domain.mail import Recipient
from couvert.domain.refusals import Conflict
from couvert.store.port import Change, SandboxMail, StoredRecipient
from tests.store.changes import NOW, SECOND, WORKER, accepted, begun, claim, delivery_of, ended, mail, stored

TOO_LARGE = 1 << 63
HALF_A_PAIR = "\ud83d"


async def results_of(store, changes):
    return await asyncio.gather(*map(store.commit, changes), return_exceptions=True)


def taken_id(change, first):
    change.content = change.content._replace(mail_id=first.content.mail_id)


def taken_delivery(change, first):
    change.new_deliveries = first.new_deliveries


def too_large_a_time(change, _first):
    (row,) = change.new_deliveries
    change.new_deliveries = [row._replace(delivery=row.delivery._replace(due_at=TOO_LARGE))]


def half_a_surrogate_pair(change, _first):
    change.content = change.content._replace(subject=HALF_A_PAIR)


def half_a_pair_in_a_variable(change, _first):
    change.new_recipients = [
        StoredRecipient(delivery_of(change).id, Recipient("c@example.org", variables={"x": HALF_A_PAIR}))
    ]


def half_a_pair_in_a_body(change, _first):
    change.bodies = {b"digest": HALF_A_PAIR}


def half_a_pair_in_a_note(change, _first):
    change.records = [change.records[0]._replace(note=HALF_A_PAIR)]


def no_address(change, _first):
    change.new_recipients = [StoredRecipient(delivery_of(change).id, Recipient(cast(str, None)))]


def words_for_a_number(change, _first):
    (row,) = change.new_deliveries
    change.new_deliveries = [row._replace(owner="somebody")]


def no_event(change, _first):
    change.records = [change.records[0]._replace(event=object())]


def no_content(change, _first):
    change.content = object()


FAULTS = [
    taken_id, taken_delivery, too_large_a_time, half_a_surrogate_pair, half_a_pair_in_a_variable, half_a_pair_in_a_body,
    half_a_pair_in_a_note, no_address, words_for_a_number, no_event, no_content,
]  # fmt: skip


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
async def test_a_faulty_item_fails_alone_and_leaves_nothing(store, ids, spoil):
    first = mail(ids)
    await store.commit(first)
    changes = [mail(ids) for _ in range(20)]
    spoil(changes[7], first)

    results = await results_of(store, changes)

    assert [n for n, result in enumerate(results) if isinstance(result, BaseException)] == [7]
    assert sorted(results[:7] + results[8:]) == list(range(2, 21))
    assert await store.position() == 20
    assert await store.timeline(changes[7].records[0].stream, 0) == []
    assert await store.states(first=0, last=1 << 62) == {"queued": 20}


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
async def test_somebody_elses_id_is_a_conflict_and_a_value_that_cannot_be_stored_is_not(store, ids, spoil):
    first, change = mail(ids), mail(ids)
    await store.commit(first)
    spoil(change, first)

    (result,) = await results_of(store, [change])

    assert isinstance(result, Conflict) == (spoil in (taken_id, taken_delivery))


async def test_two_items_with_the_same_id_in_one_group_are_one_conflict(store, ids):
    change = mail(ids)

    results = await results_of(store, [mail(ids), change, change, mail(ids)])

    assert [type(result) for result in results] == [int, int, Conflict, int]


async def test_a_row_changes_only_from_the_revision_that_was_read(store, ids):
    row = await accepted(store, mail(ids))

    await store.commit(ended(row, State.SENT))
    with pytest.raises(Conflict):
        await store.commit(ended(row, State.FAILED))

    assert (await stored(store, row.delivery.id)).delivery.state is State.SENT


async def test_a_row_that_does_not_exist_is_a_conflict(store, ids):
    row = (mail(ids)).new_deliveries[0]

    with pytest.raises(Conflict):
        await store.commit(ended(row))


async def test_of_two_changes_to_one_row_in_one_group_exactly_one_is_kept(store, ids):
    rows = [await accepted(store, mail(ids)) for _ in range(10)]
    before = await store.position()

    results = await results_of(store, [change for row in rows for change in (ended(row), ended(row, State.FAILED))])

    kept = [not isinstance(result, Conflict) for result in results]
    assert kept == [True, False] * 10
    assert await store.states(first=0, last=1 << 62) == {"sent": 10}
    assert await store.position() == before


async def test_of_a_change_that_conflicts_nothing_is_kept(store, ids):
    row = await accepted(store, mail(ids))
    conflicting = mail(ids, deliveries=ended(row).deliveries)
    await store.commit(ended(row, State.FAILED))

    with pytest.raises(Conflict):
        await store.commit(conflicting)

    assert await store.position() == 1
    assert await store.delivery(delivery_of(conflicting).id) is None


async def test_two_changes_may_follow_each_other_in_one_group(store, ids, clock):
    row = await accepted(store, mail(ids))
    (taken,) = await store.take(owner=WORKER, now=NOW, until=NOW + SECOND, limit=1)
    begins = begun(taken.stored, until=NOW + SECOND)
    ends = ended(begins.deliveries[0])

    await asyncio.gather(store.commit(begins), store.commit(ends))

    assert (await stored(store, row.delivery.id)).revision == 4


# --- Leases -----------------------------------------------------------------------------------------------------------


async def test_who_holds_the_lease_may_begin(store, ids):
    await store.commit(mail(ids))
    (taken,) = await store.take(owner=WORKER, now=NOW, until=NOW + SECOND, limit=1)

    await store.commit(begun(taken.stored, until=NOW + SECOND))

    assert (await stored(store, taken.stored.delivery.id)).delivery.is_begun


@pytest.mark.parametrize("late_ms", [0, 1, 10 * SECOND])
async def test_nothing_is_begun_once_the_lease_has_run_out(store, ids, clock, late_ms):
    await store.commit(mail(ids))
    (taken,) = await store.take(owner=WORKER, now=NOW, until=NOW + SECOND, limit=1)

    clock.now = NOW + SECOND + late_ms
    with pytest.raises(Conflict):
        await store.commit(begun(taken.stored, until=clock.now + SECOND))

    assert await store.position() == 1


async def test_nothing_is_begun_without_a_lease(store, ids):
    row = await accepted(store, mail(ids, due_at=NOW + SECOND))

    with pytest.raises(Conflict):
        await store.commit(begun(row, until=NOW + SECOND))


async def test_an_outcome_is_kept_after_the_lease_has_run_out(store, ids, clock):
    await store.commit(mail(ids))
    (taken,) = await store.take(owner=WORKER, now=NOW, until=NOW + SECOND, limit=1)
    clock.now += 10 * SECOND

    await store.commit(ended(taken.stored))

    assert (await stored(store, taken.stored.delivery.id)).delivery.state is State.SENT


# --- Idempotency ------------------------------------------------------------------------------------------------------


async def test_an_idempotency_key_is_kept_with_what_it_did(store, ids):
    position = await store.commit(mail(ids, idempotency=claim(b"scope")))

    assert await store.idempotency(b"scope") == claim(b"scope")._replace(position=position)


async def test_an_idempotency_key_stands_for_one_mail(store, ids):
    changes = [mail(ids, idempotency=claim(b"scope")) for _ in range(5)]

    results = await results_of(store, changes)

    assert [type(result) for result in results] == [int, *[Conflict] * 4]
    assert await store.position() == 1


async def test_the_answer_of_an_idempotency_key_is_kept_and_freed(store, ids):
    await store.commit(mail(ids, idempotency=claim(b"one")))
    await store.commit(mail(ids, idempotency=claim(b"two")))

    await store.commit(Change(at=NOW, answers={b"one": b"200 OK", b"two": None}))

    assert (await store.idempotency(b"one")).answer == b"200 OK"
    assert await store.idempotency(b"two") is None
    assert await store.commit(mail(ids, idempotency=claim(b"two"))) == 3


async def test_sandbox_mail_of_the_same_attempt_is_a_conflict(store):
    change = Change(at=NOW, sandbox_mail=SandboxMail(5, 1, NOW, b"From: ..."))
    await store.commit(change)

    with pytest.raises(Conflict):
        await store.commit(change)

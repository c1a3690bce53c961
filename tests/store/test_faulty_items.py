"""What cannot be stored fails alone: never a neighbour that shared its sync."""

import asyncio
from typing import cast

import pytest

from couvert.domain.mail import Recipient
from couvert.domain.refusals import Conflict
from couvert.store.rows import StoredRecipient
from tests.store.changes import content_of, delivery_of, mail

TOO_LARGE = 1 << 63
HALF_A_PAIR = "\ud83d"


async def results_of(store, changes):
    return await asyncio.gather(*map(store.commit, changes), return_exceptions=True)


def taken_id(change, first):
    change.contents = [content_of(change)._replace(mail_id=content_of(first).mail_id)]


def taken_delivery(change, first):
    change.new_deliveries = first.new_deliveries


def too_large_a_time(change, _first):
    (row,) = change.new_deliveries
    change.new_deliveries = [row._replace(delivery=row.delivery._replace(due_at=TOO_LARGE))]


def half_a_surrogate_pair(change, _first):
    change.contents = [content_of(change)._replace(subject=HALF_A_PAIR)]


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
    change.contents = [object()]


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

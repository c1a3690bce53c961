"""A change is kept only on what it was decided on: a row, a key or an id that is somebody else's is a conflict."""

import asyncio

import pytest

from couvert.domain.delivery import State
from couvert.domain.refusals import Conflict
from couvert.store.changes import Change
from couvert.store.rows import SandboxMail
from tests.store.changes import NOW, SECOND, WORKER, accepted, begun, claim, delivery_of, ended, mail, stored


async def results_of(store, changes):
    return await asyncio.gather(*map(store.commit, changes), return_exceptions=True)


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

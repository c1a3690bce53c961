"""Beginning an attempt whose commit nobody saw end: nothing is sent, and if it was kept, it is taken back."""

import asyncio

import pytest

from couvert.domain.delivery import State
from couvert.domain.delivery_events import Begun, Expired, OutcomeUnknown, Released
from tests.commands.desk import LEASE_MS, OTHER, mail
from tests.store.changes import NOW, SECOND


async def test_a_commit_that_was_refused_begins_nothing(attempts, desk, store):
    stored = await desk.leased()
    store.ends = ["refused"]

    assert await attempts.begin(stored) is None
    assert await desk.row(stored.delivery.id) == stored


@pytest.mark.parametrize("outage", [[], ["refused"], ["refused", "lost", "refused"]], ids=len)
async def test_a_begin_that_was_kept_unseen_is_taken_back_once_the_store_is_there(attempts, desk, store, outage):
    stored = await desk.leased()
    store.ends = ["kept unseen", *outage]

    assert await attempts.begin(stored) is None

    row = await desk.row(stored.delivery.id)
    assert await desk.events(row) == [Begun(1), Released(1, NOW)]
    assert (row.delivery.state, row.delivery.is_begun, row.wake_at, row.owner) == (State.QUEUED, False, NOW, 0)


async def test_a_begin_that_was_lost_leaves_nothing_to_take_back(attempts, desk, store):
    stored = await desk.leased()
    store.ends = ["lost"]

    assert await attempts.begin(stored) is None
    assert await desk.row(stored.delivery.id) == stored
    assert await desk.events(stored) == []


async def test_a_begin_that_was_kept_unseen_is_taken_back_even_after_it_was_given_up_as_unknown(
    attempts, desk, store, clock
):
    stored = await desk.leased()
    store.ends, store.reads_fail = ["kept unseen"], 1
    beginning = asyncio.create_task(attempts.begin(stored))
    await store.read_failed.wait()
    clock.now += LEASE_MS
    await attempts.lose(await desk.taken(OTHER))

    assert await beginning is None

    row = await desk.row(stored.delivery.id)
    assert await desk.events(row) == [Begun(1), OutcomeUnknown(1), Released(1, clock.now)]
    assert row.delivery.state is State.QUEUED


@pytest.mark.parametrize("is_lost", [False, True], ids=["under way", "given up as unknown"])
async def test_an_attempt_that_another_worker_began_is_not_taken_back(attempts, desk, store, clock, is_lost):
    stored = await desk.leased()
    store.ends, store.reads_fail = ["lost"], 1
    beginning = asyncio.create_task(attempts.begin(stored))
    await store.read_failed.wait()
    clock.now += LEASE_MS
    theirs = await attempts.begin(await desk.taken(OTHER))
    if is_lost:
        await attempts.lose(theirs)
    before = await desk.row(stored.delivery.id)

    assert await beginning is None
    assert await desk.row(stored.delivery.id) == before


async def test_an_end_that_was_kept_unseen_is_an_end(attempts, desk, store, clock):
    await desk.accepted(mail(expires_at=NOW + SECOND))
    stored = await desk.taken()
    clock.now += SECOND
    store.ends = ["kept unseen"]

    assert await attempts.begin(stored) is None
    assert await desk.events(stored) == [Expired()]

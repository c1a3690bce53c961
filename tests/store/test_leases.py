"""Leases: begun under, prolonged, given back, and nobody else's business."""

import pytest

from couvert.domain.delivery import State
from couvert.domain.refusals import Conflict
from tests.store.changes import HOUR, NOW, OTHER, SECOND, WORKER, accepted, begun, ended, mail, stored

UNTIL = NOW + 30 * SECOND


async def take(store, *, owner=WORKER, now=NOW, until=UNTIL, limit=100):
    return await store.take(owner=owner, now=now, until=until, limit=limit)


def ids_of(taken):
    return [each.stored.delivery.id for each in taken]


async def test_a_renewed_lease_lasts_longer_and_leaves_the_revision(store, ids):
    await store.commit(mail(ids))
    (taken,) = await take(store)

    await store.renew(owner=WORKER, deliveries=ids_of([taken]), until=UNTIL + HOUR)

    assert await stored(store, taken.stored.delivery.id) == taken.stored._replace(wake_at=UNTIL + HOUR)
    assert await take(store, owner=OTHER, now=UNTIL) == []


async def test_nobody_renews_or_gives_back_what_somebody_else_holds(store, ids):
    await store.commit(mail(ids))
    (taken,) = await take(store)

    await store.renew(owner=OTHER, deliveries=ids_of([taken]), until=UNTIL + HOUR)
    await store.release(owner=OTHER, deliveries=ids_of([taken]))

    assert await stored(store, taken.stored.delivery.id) == taken.stored


async def test_a_lease_that_went_to_somebody_else_is_not_renewed(store, ids):
    await store.commit(mail(ids))
    (taken,) = await take(store)
    (again,) = await take(store, owner=OTHER, now=UNTIL, until=UNTIL + HOUR)

    await store.renew(owner=WORKER, deliveries=ids_of([taken]), until=UNTIL + 9 * HOUR)

    assert await stored(store, taken.stored.delivery.id) == again.stored


async def test_what_has_ended_is_not_woken_by_a_renewal(store, ids):
    await store.commit(mail(ids))
    (taken,) = await take(store)
    await store.commit(ended(taken.stored))

    await store.renew(owner=WORKER, deliveries=ids_of([taken]), until=UNTIL + HOUR)

    assert (await stored(store, taken.stored.delivery.id)).wake_at is None


@pytest.mark.parametrize(("wake_at", "due_again"), [(None, NOW), (NOW + HOUR, NOW + HOUR)])
async def test_a_lease_given_back_is_due_as_before_or_when_asked(store, ids, wake_at, due_again):
    await store.commit(mail(ids))
    (taken,) = await take(store)

    await store.release(owner=WORKER, deliveries=ids_of([taken]), wake_at=wake_at)

    assert await stored(store, taken.stored.delivery.id) == taken.stored._replace(
        wake_at=due_again, owner=0, revision=3
    )
    assert len(await take(store, now=due_again)) == 1


async def test_a_lease_given_back_cannot_be_begun(store, ids):
    await store.commit(mail(ids))
    (taken,) = await take(store)
    await store.release(owner=WORKER, deliveries=ids_of([taken]), wake_at=NOW + HOUR)

    with pytest.raises(Conflict):
        await store.commit(begun(taken.stored, until=UNTIL))


async def test_what_was_begun_is_not_given_back(store, ids):
    await store.commit(mail(ids))
    (taken,) = await take(store)
    change = begun(taken.stored, until=UNTIL)
    await store.commit(change)

    await store.release(owner=WORKER, deliveries=ids_of([taken]))

    assert await stored(store, taken.stored.delivery.id) == change.deliveries[0]


async def test_a_thousand_leases_are_renewed_and_given_back_at_once(store, ids):
    await store.commit(mail(ids, recipients=1_200))
    everybody = ids_of(await take(store, limit=2_000))

    await store.renew(owner=WORKER, deliveries=everybody, until=UNTIL + HOUR)
    assert await store.next_wake() == UNTIL + HOUR
    await store.release(owner=WORKER, deliveries=everybody)

    assert len(await take(store, owner=OTHER, limit=2_000)) == 1_200


async def test_nothing_to_renew_or_give_back_is_nothing(store):
    await store.renew(owner=WORKER, deliveries=[], until=UNTIL)
    await store.release(owner=WORKER, deliveries=[])


# --- Begun under a lease ----------------------------------------------------------------------------------------------


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

"""The delivery's row is the work queue: taken once, by priority and due time, and back when a lease runs out."""

import asyncio

from tests.store.changes import (
    HOUR,
    NOW,
    OTHER,
    SECOND,
    WORKER,
    accepted,
    begun,
    delivery_of,
    ended,
    mail,
    stored,
)

UNTIL = NOW + 30 * SECOND


async def take(store, *, owner=WORKER, now=NOW, until=UNTIL, limit=100):
    return await store.take(owner=owner, now=now, until=until, limit=limit)


def ids_of(taken):
    return [each.stored.delivery.id for each in taken]


async def test_what_is_taken_comes_leased_and_with_its_recipient(store, ids):
    change = mail(ids)
    row = await accepted(store, change)

    (taken,) = await take(store)

    assert taken.stored == row._replace(revision=2, wake_at=UNTIL, owner=WORKER)
    assert taken.recipient == change.new_recipients[0].recipient
    assert await stored(store, row.delivery.id) == taken.stored


async def test_what_is_taken_is_taken_by_nobody_else(store, ids):
    await store.commit(mail(ids, recipients=5))

    assert len(await take(store)) == 5
    assert await take(store, owner=OTHER) == []


async def test_somebody_who_waits_goes_before_many_and_then_who_is_due_the_longest(store, ids):
    bulk = mail(ids, recipients=2, due_at=NOW - HOUR)
    late, early = mail(ids, due_at=NOW - 1), mail(ids, due_at=NOW - 2)
    await asyncio.gather(*map(store.commit, [bulk, late, early]))

    taken = await take(store)

    assert ids_of(taken) == [
        delivery_of(early).id,
        delivery_of(late).id,
        *(row.delivery.id for row in bulk.new_deliveries),
    ]


async def test_no_more_are_taken_than_asked_for(store, ids):
    await store.commit(mail(ids))
    await store.commit(mail(ids, recipients=10))

    first, second = await take(store, limit=4), await take(store, limit=100)

    assert (len(first), len(second)) == (4, 7)
    assert not {*ids_of(first)} & {*ids_of(second)}


async def test_what_is_due_later_is_not_taken_yet(store, ids):
    await store.commit(mail(ids, due_at=NOW + SECOND))

    assert await take(store, now=NOW + SECOND - 1) == []
    assert len(await take(store, now=NOW + SECOND)) == 1


async def test_many_takers_at_once_never_get_the_same_one(store, ids):
    await store.commit(mail(ids, recipients=1_000))

    shares = await asyncio.gather(*(take(store, owner=1 + n, limit=70) for n in range(20)))

    everybody = [each for share in shares for each in ids_of(share)]
    assert len(everybody) == len(set(everybody)) == 1_000


async def test_a_lease_that_ran_out_comes_back(store, ids):
    await store.commit(mail(ids))
    await take(store)

    assert await take(store, owner=OTHER, now=UNTIL - 1) == []
    (again,) = await take(store, owner=OTHER, now=UNTIL, until=UNTIL + HOUR)

    assert (again.stored.owner, again.stored.revision, again.stored.delivery.is_begun) == (OTHER, 3, False)


async def test_what_was_begun_comes_back_as_begun_when_the_lease_runs_out(store, ids):
    await store.commit(mail(ids))
    (taken,) = await take(store)
    await store.commit(begun(taken.stored, until=UNTIL))

    assert await take(store, owner=OTHER, now=UNTIL - 1) == []
    (again,) = await take(store, owner=OTHER, now=UNTIL, until=UNTIL + HOUR)

    assert again.stored.delivery.is_begun
    assert again.stored.delivery.attempt == 1


async def test_what_has_ended_is_never_taken(store, ids):
    row = await accepted(store, mail(ids))
    await store.commit(ended(row))

    assert await take(store, now=NOW + 100 * HOUR) == []
    assert await store.next_wake() is None


async def test_the_next_wake_is_the_earliest_of_what_is_due_and_what_is_leased(store, ids):
    await store.commit(mail(ids, recipients=2, due_at=NOW + HOUR))
    assert await store.next_wake() == NOW + HOUR
    await store.commit(mail(ids))
    assert await store.next_wake() == NOW

    await take(store)

    assert await store.next_wake() == UNTIL


# --- What expires while it waits --------------------------------------------------------------------------------------


async def expiring(store, ids, expires_at, **row):
    """A delivery that waits, with this expiry."""
    change = mail(ids)
    born = change.new_deliveries[0]
    waiting = born._replace(delivery=born.delivery._replace(expires_at=expires_at), **row)
    change.new_deliveries = [waiting]
    await store.commit(change)
    return waiting


async def test_what_expired_while_it_waited_is_found_the_longest_expired_first(store, ids):
    later = await expiring(store, ids, NOW - SECOND)
    sooner = await expiring(store, ids, NOW - HOUR)
    await expiring(store, ids, NOW + SECOND)
    await accepted(store, mail(ids))

    assert await store.expired(now=NOW, limit=10) == [sooner, later]
    assert await store.expired(now=NOW, limit=1) == [sooner]


async def test_what_somebody_holds_is_not_found_until_the_lease_runs_out(store, ids):
    held = await expiring(store, ids, NOW - SECOND, wake_at=UNTIL, owner=WORKER)

    assert await store.expired(now=NOW, limit=10) == []
    assert await store.expired(now=UNTIL, limit=10) == [held]


async def test_what_is_over_does_not_expire_any_more(store, ids):
    waiting = await expiring(store, ids, NOW - SECOND)
    await store.commit(ended(waiting))

    assert await store.expired(now=NOW, limit=10) == []

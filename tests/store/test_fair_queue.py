"""Posters take turns in the queue, however much each has waiting."""

import asyncio

from couvert.domain.mail import BULK, TRANSACTIONAL
from tests.store.changes import HOUR, NOW, OTHER, SECOND, WORKER, accepted, ended, mail

ALICE, BOB = 1_000, 2_000
UNTIL = NOW + 30 * SECOND


async def take(store, limit=20, **changes):
    asked = {"owner": WORKER, "now": NOW, "until": UNTIL} | changes
    return [each.stored.delivery for each in await store.take(limit=limit, **asked)]


def posters_of(taken):
    return [delivery.poster for delivery in taken]


async def test_ten_mails_do_not_wait_for_ten_thousand_of_somebody_else(store, ids):
    await store.commit(mail(ids, recipients=10_000, poster=ALICE, due_at=NOW - HOUR))
    await store.commit(mail(ids, recipients=10, poster=BOB))

    taken = posters_of(await take(store, limit=20))

    assert taken == [ALICE, BOB] * 10


async def test_nor_do_they_when_few_are_taken_at_a_time(store, ids):
    await store.commit(mail(ids, recipients=1_000, poster=ALICE, due_at=NOW - HOUR))
    await store.commit(mail(ids, recipients=10, poster=BOB))

    taken = [poster for n in range(20) for poster in posters_of(await take(store, limit=1, now=NOW + n))]

    assert taken.count(BOB) == 10


async def test_what_one_does_not_want_the_others_get(store, ids):
    await store.commit(mail(ids, recipients=100, poster=ALICE))
    await store.commit(mail(ids, recipients=3, poster=BOB))

    taken = posters_of(await take(store, limit=40))

    assert (taken.count(ALICE), taken.count(BOB)) == (37, 3)


async def test_more_posters_than_can_be_taken_of_come_one_after_the_other(store, ids):
    await asyncio.gather(*(store.commit(mail(ids, recipients=3, poster=1 + n)) for n in range(50)))

    rounds = [posters_of(await take(store, limit=10, now=NOW + n)) for n in range(5)]

    assert sorted(poster for each in rounds for poster in each) == list(range(1, 51))


async def test_several_workers_share_fairly_too(store, ids):
    await store.commit(mail(ids, recipients=1_000, poster=ALICE, due_at=NOW - HOUR))
    await store.commit(mail(ids, recipients=30, poster=BOB))

    taken = [posters_of(await take(store, limit=10, owner=owner)) for owner in (WORKER, OTHER) * 3]

    assert [each.count(BOB) for each in taken] == [5] * 6


async def test_somebody_who_waits_passes_the_bulk_of_all(store, ids):
    await store.commit(mail(ids, recipients=100, poster=ALICE, due_at=NOW - HOUR))
    for poster in (ALICE, BOB):
        await asyncio.gather(*(store.commit(mail(ids, poster=poster)) for _ in range(3)))

    taken = await take(store, limit=8)

    assert [delivery.priority for delivery in taken] == [TRANSACTIONAL] * 6 + [BULK] * 2
    assert posters_of(taken[:6]) == [ALICE, BOB] * 3


async def test_some_bulk_comes_beside_what_passes_it(store, ids):
    await store.commit(mail(ids, recipients=100, poster=ALICE, due_at=NOW - HOUR))
    await asyncio.gather(*(store.commit(mail(ids, poster=BOB)) for _ in range(50)))

    taken = await take(store, limit=10, bulk_beside=2)

    assert [delivery.priority for delivery in taken] == [TRANSACTIONAL] * 10 + [BULK] * 2


async def test_what_was_deferred_stands_behind_what_waited_longer(store, ids):
    deferred = await accepted(store, mail(ids, poster=ALICE))
    await take(store)
    for due_at in (NOW + SECOND, NOW + 3 * SECOND):
        await store.commit(mail(ids, poster=ALICE, due_at=due_at))
    await store.release(owner=WORKER, deliveries=[deferred.delivery.id], wake_at=NOW + 2 * SECOND)

    order = [(await take(store, limit=1, now=NOW + 4 * SECOND))[0].id for _ in range(3)]

    assert order.index(deferred.delivery.id) == 1


async def test_what_is_given_back_is_looked_for_at_once(store, ids):
    row = await accepted(store, mail(ids, poster=ALICE))
    await take(store)
    assert await store.next_look() == UNTIL

    await store.release(owner=WORKER, deliveries=[row.delivery.id])

    assert await store.next_look() == NOW
    assert posters_of(await take(store, owner=OTHER)) == [ALICE]


async def test_a_look_in_vain_is_not_repeated(store, ids):
    row = await accepted(store, mail(ids, poster=ALICE))
    await store.commit(mail(ids, poster=BOB, due_at=NOW + HOUR))
    await store.commit(ended(row))
    assert (await store.next_look(), await store.next_wake()) == (NOW, NOW + HOUR)

    assert await take(store) == []

    assert await store.next_look() == NOW + HOUR

    return ended(row)


async def test_the_next_wake_is_found_behind_many_that_are_over(store, ids):
    over = [await accepted(store, mail(ids, poster=1 + n)) for n in range(20)]
    await asyncio.gather(*(store.commit(ended(row)) for row in over))
    assert await store.next_wake() is None

    await store.commit(mail(ids, poster=BOB, due_at=NOW + HOUR))

    assert await store.next_wake() == NOW + HOUR

"""Beginning an attempt: exactly one worker wins, and whoever does not know that it won sends nothing."""

import asyncio

from couvert.domain.delivery import State
from couvert.domain.delivery_events import Begun, Bounced, Delivered, Expired, Failed
from tests.commands.desk import LEASE_MS, OTHER, OWNER, mail
from tests.store.changes import HOUR, NOW, SECOND


async def test_an_attempt_is_begun_in_the_log_and_on_the_row_before_anything_leaves(attempts, desk):
    stored = await desk.leased()

    begun = await attempts.begin(stored)

    assert begun == await desk.row(stored.delivery.id)
    assert (begun.delivery.attempt, begun.delivery.is_begun, begun.owner) == (1, True, OWNER)
    assert await desk.events(begun) == [Begun(1)]


async def test_a_begun_attempt_has_a_whole_lease_before_it(attempts, desk, clock):
    stored = await desk.leased()
    clock.now += LEASE_MS - 1

    begun = await attempts.begin(stored)

    assert begun.wake_at == clock.now + LEASE_MS


async def test_of_many_workers_with_the_same_row_exactly_one_begins(attempts, desk):
    stored = await desk.leased()

    rows = await asyncio.gather(*(attempts.begin(stored) for _ in range(20)))

    assert len([row for row in rows if row is not None]) == 1
    assert await desk.events(stored) == [Begun(1)]


async def test_nothing_is_begun_twice_one_after_the_other(attempts, desk):
    stored = await desk.leased()
    begun = await attempts.begin(stored)

    assert await attempts.begin(stored) is None
    assert await attempts.begin(begun) is None


async def test_nothing_is_begun_after_the_lease_ran_out(attempts, desk, clock):
    stored = await desk.leased()
    clock.now += LEASE_MS

    assert await attempts.begin(stored) is None
    assert await desk.events(stored) == []


async def test_nothing_is_begun_that_another_worker_has_taken(attempts, desk, clock):
    stored = await desk.leased()
    clock.now += LEASE_MS
    theirs = await desk.taken(OTHER)

    assert await attempts.begin(stored) is None
    assert (await attempts.begin(theirs)).owner == OTHER


async def test_nothing_is_begun_again_that_was_delivered_meanwhile(attempts, notices, desk, clock):
    begun = await attempts.begin(await desk.leased())
    clock.now += LEASE_MS
    await attempts.lose(await desk.taken())
    await notices.record(begun.delivery.id, Delivered(1))

    assert await attempts.begin(await desk.row(begun.delivery.id)) is None


async def test_nothing_is_begun_that_bounced_between_the_taking_and_the_beginning(resending, notices, desk, clock):
    await resending.begin(await desk.leased())
    clock.now += LEASE_MS
    await resending.lose(await desk.taken())
    again = await desk.taken()
    await notices.record(again.delivery.id, Bounced(1, "hard"))

    assert await resending.begin(again) is None
    assert (await desk.row(again.delivery.id)).delivery.state is State.BOUNCED


async def test_a_mail_whose_expiry_has_passed_expires_instead(attempts, desk, clock):
    await desk.accepted(mail(expires_at=NOW + SECOND))
    stored = await desk.taken()
    clock.now += SECOND

    row = await attempts.begin(stored)

    assert (row.delivery.state, row.delivery.attempt, row.wake_at) == (State.EXPIRED, 0, None)
    assert await desk.events(row) == [Expired()]


async def test_what_nobody_took_within_a_day_fails_instead(attempts, desk, clock):
    await desk.accepted()
    clock.now += 24 * HOUR

    row = await attempts.begin(await desk.taken())

    assert row.delivery.state is State.FAILED
    assert await desk.events(row) == [Failed(0, "not_taken_in_time")]

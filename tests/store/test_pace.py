"""The pace's schedule in the store: shared by all who open it, whoever learned it."""

import asyncio

import pytest

from couvert.domain.pace import SECOND, AccountLimits
from couvert.store.sqlite.store import SqliteStore
from couvert.wiring import now_ms

ACCOUNT = "ses:eu-central-1"
NOW = 1_795_000_000 * SECOND


@pytest.fixture
async def stores(tmp_path):
    """Two workers on one database."""
    stores = [SqliteStore(tmp_path, now_ms) for _ in range(2)]
    yield stores
    for store in stores:
        await store.close()


async def test_nobody_gets_a_slot_before_the_limits_are_known(stores):
    assert await stores[0].reserve_slots(ACCOUNT, 5, NOW) is None


async def test_two_workers_share_one_schedule(stores):
    await stores[0].learn_pace(ACCOUNT, AccountLimits(100), NOW)

    reserved = await asyncio.gather(*(store.reserve_slots(ACCOUNT, 5, NOW) for store in stores * 10))

    times = sorted(slots.first_at + n * slots.apart for slots in reserved for n in range(slots.number))
    assert len(times) == len(set(times)) == 100
    assert times[99] - times[0] >= 99 * SECOND / 100


async def test_what_one_learns_and_meets_the_other_obeys(stores):
    one, other = stores
    await one.learn_pace(ACCOUNT, AccountLimits(100, per_day=10, sent=8), NOW, "not allowed to ask")
    await one.slow_pace(ACCOUNT, NOW)

    slots = await other.reserve_slots(ACCOUNT, 5, NOW)
    stored = await other.pace(ACCOUNT)

    assert slots is not None
    assert slots.number == 2
    assert slots.apart > 1.2 * SECOND / 100
    assert stored is not None
    assert (stored.learned_at, stored.trouble) == (NOW // 1000, "not allowed to ask")


async def test_accounts_have_schedules_of_their_own(stores):
    for account in ("ses:eu-central-1", "ses:us-east-1"):
        await stores[0].learn_pace(account, AccountLimits(1), NOW)
    slots = [await stores[0].reserve_slots(account, 1, NOW) for account in ("ses:eu-central-1", "ses:us-east-1")]
    assert slots[0] == slots[1]


async def test_where_the_provider_does_not_count_no_24_hours_have_more_slots_than_the_quota(stores):
    limits = AccountLimits(100_000, per_day=48, sent=None)
    given: list[tuple[int, int]] = []
    for minute in range(0, 60 * 60, 10):  # every ten minutes for 60 hours, which is far more than is allowed
        now = NOW + minute * 60 * SECOND
        store = stores[minute % 2]
        await store.learn_pace(ACCOUNT, limits, now)
        slots = await store.reserve_slots(ACCOUNT, 5, now)
        assert slots is not None
        given.append((now, slots.number))

    day = 24 * 3_600 * SECOND
    in_a_day = [sum(number for at, number in given if first <= at < first + day) for first, _ in given]
    assert max(in_a_day) == 48
    assert sum(number for _, number in given) > 2 * 40

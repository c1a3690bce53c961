"""A process's share of the pace: slots come a moment early, with those of the same beat, and none is hoarded."""

import asyncio
import time
from typing import NamedTuple

import pytest

from couvert.delivery.account import FixedAccount
from couvert.domain.mail import BULK
from couvert.domain.pace import AccountLimits
from couvert.domain.refusals import Unavailable
from couvert.store.sqlite.store import SqliteStore
from couvert.wiring import now_ms, now_us
from couvert.workers import pace
from couvert.workers.beat import BEAT_SECONDS, Beat, number
from couvert.workers.block import LATE_SECONDS, LEAD_SECONDS, Slot
from couvert.workers.hands import PacedHands
from couvert.workers.pace import Pacer
from tests.crash.courierhouse import until

EARLY = LEAD_SECONDS + BEAT_SECONDS + 0.002  # what timers may be early by, and then some


@pytest.fixture
async def store(tmp_path):
    store = SqliteStore(tmp_path, now_ms)
    yield store
    await store.close()


class Waiting(NamedTuple):
    priority: int
    poster: int


def pacer_of(store, rate, per_day=None):
    return Pacer(store, FixedAccount("provider", AccountLimits(rate, per_day)), now_us)


async def given_out(pacer, total, most=8):
    """When each slot comes, and when it was given out."""
    found: list[tuple[float, float]] = []
    while len(found) < total:
        found += [(slot.at, time.monotonic()) for slot in await pacer.slots(most, total - len(found))]
    return found


async def test_slots_are_given_out_in_order_no_earlier_than_it_takes_to_begin(store):
    found = await given_out(pacer_of(store, 500), 60)
    assert [slot for slot, _ in found] == sorted(slot for slot, _ in found)
    assert all(slot - at <= EARLY for slot, at in found)


async def test_those_of_one_beat_are_given_out_together(store):
    pacer = pacer_of(store, 5_000)
    await given_out(pacer, 100)
    # On a busy machine one call or the other finds a single slot that was not missed.
    slots = max([await pacer.slots(64, 64) for _ in range(5)], key=len)
    assert len(slots) > 1
    assert number(slots[-1].at) - number(slots[0].at) <= (LATE_SECONDS + EARLY) / BEAT_SECONDS + 1


async def test_no_more_are_reserved_than_wanted(store):
    pacer = pacer_of(store, 1_000)
    await given_out(pacer, 3)
    stored = await store.pace("provider")
    ahead_seconds = stored.pace.next_at / 1e6 - time.time()
    assert ahead_seconds < 0.02


async def test_a_slot_that_was_put_back_is_given_out_again(store):
    pacer = pacer_of(store, 20)
    (slot,) = await pacer.slots(1, 1)
    pacer.put_back(slot)
    assert await pacer.slots(1, 1) == [slot]


async def test_who_waits_for_the_next_slot_is_given_one_that_was_put_back(store):
    pacer = pacer_of(store, 5)
    (slot,) = await pacer.slots(1, 1)
    waiting = asyncio.create_task(pacer.slots(1, 1))
    await until(lambda: len(pacer._block) == 1)
    pacer.put_back(slot)
    assert await waiting == [slot]


async def test_what_can_be_given_out_at_once_is(store):
    pacer = pacer_of(store, 1_000)
    assert pacer.at_once(3) is None, "nothing is reserved"
    async with asyncio.timeout(10):
        while (slot := pacer.at_once(2)) is None:  # on a busy machine those that are reserved may be missed
            await pacer.slots(1, 3)

    assert slot.at - time.monotonic() <= EARLY

    pacer.stop()
    assert pacer.at_once(1) is None


async def test_a_slot_that_is_to_come_is_not_given_out_at_once(store):
    pacer = pacer_of(store, 1)
    await pacer.slots(1, 2)

    assert pacer.at_once(1) is None


@pytest.mark.parametrize("most", [1, 3])
async def test_hands_that_find_a_slot_at_once_leave_nothing_undone(store, most):
    done = list[int]()

    async def attend_to(job, _slot):
        await asyncio.sleep(0.001)
        done.append(job.poster)

    hands = PacedHands(most, attend_to, pacer_of(store, 100_000))
    for n in range(50):
        hands.give(Waiting(BULK, n))
    await until(lambda: not hands.are_at_work)
    hands.give(Waiting(BULK, 50))
    await until(lambda: len(done) == 51)

    assert sorted(done) == list(range(51))


async def test_a_missed_slot_is_another_one(store):
    pacer = pacer_of(store, 100)
    await given_out(pacer, 1)
    assert await pacer.come(Slot(time.monotonic() - 10 * LATE_SECONDS))


async def test_who_waits_for_a_slot_waits_no_longer_than_the_stop(store):
    pacer = pacer_of(store, 0.01)
    await pacer.slots(1, 1)
    waiting = asyncio.create_task(pacer.slots(1, 1))
    await asyncio.sleep(0.05)
    pacer.stop()
    async with asyncio.timeout(2):
        assert await waiting == []


async def test_nobody_is_let_in_before_those_who_wait(store):
    pacer = pacer_of(store, 10)
    await pacer.slots(1, 1)
    waiting = asyncio.create_task(pacer.slots(1, 1))
    await asyncio.sleep(0)
    assert await pacer.soon() is None
    assert len(await waiting) == 1


async def test_a_mail_that_comes_alone_has_its_slot_at_once(store):
    pacer = pacer_of(store, 10)
    await pacer.limits.learn()
    assert await pacer.soon() is not None


async def test_the_store_may_be_away_for_a_while(store, monkeypatch):
    monkeypatch.setattr(pace, "TROUBLE_SECONDS", 0.01)
    pacer, troubles = pacer_of(store, 100), [Unavailable("The disk is full."), LookupError("a surprise")]
    real = store.reserve_slots

    async def reserve_slots(*given):
        if troubles:
            raise troubles.pop()
        return await real(*given)

    monkeypatch.setattr(store, "reserve_slots", reserve_slots)
    assert len(await given_out(pacer, 3)) == 3


async def test_the_quota_of_a_day_ends_the_slots_until_more_is_allowed(store, monkeypatch):
    monkeypatch.setattr(pace, "WAIT_SECONDS", 0.01)
    pacer = pacer_of(store, 100, per_day=2)
    await given_out(pacer, 2)
    waiting = asyncio.create_task(pacer.slots(1, 1))
    await until(lambda: pacer.trouble)
    await store.learn_pace("provider", AccountLimits(100, 20), now_us())
    async with asyncio.timeout(5):
        assert len(await waiting) == 1
    assert pacer.trouble is None


async def test_all_who_wait_for_a_beat_go_on_when_it_comes_and_not_before():
    beat, went_on = Beat(), []

    async def wait(number):
        await beat.reach(number)
        went_on.append((number, time.monotonic()))

    first = number(time.monotonic()) + 2
    await asyncio.gather(*(wait(first + n % 3) for n in range(30)))
    assert [number for number, _ in went_on] == sorted(first + n % 3 for n in range(30))
    assert all(at >= number * BEAT_SECONDS - 0.002 for number, at in went_on)


async def test_one_who_gives_up_waiting_leaves_the_others_waiting():
    beat = Beat()
    soon = number(time.monotonic()) + 4
    given_up, other = (asyncio.create_task(beat.reach(soon)) for _ in range(2))
    await asyncio.sleep(0)
    given_up.cancel()
    await other
    assert given_up.cancelled()

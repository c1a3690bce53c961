"""Waiting for a position costs memory and nothing else, and who gave up costs nothing for long."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from heapq import heappush

import pytest

from couvert.readmodels import waiters as module
from couvert.readmodels.waiters import FEW, Waiters


async def test_ten_thousand_wait_and_each_is_woken_by_its_own_position():
    waiters = Waiters()
    waiting = [asyncio.create_task(waiters.wait(position, 10)) for position in range(1, 10_001)]
    await asyncio.sleep(0)

    await asyncio.to_thread(waiters.moved_to, 6_000)
    await asyncio.sleep(0.05)

    assert [task.done() for task in waiting] == [True] * 6_000 + [False] * 4_000
    await asyncio.to_thread(waiters.moved_to, 10_000)
    assert all(await asyncio.gather(*waiting))


async def test_the_event_loop_is_woken_once_per_batch_and_never_for_nobody(monkeypatch):
    waiters = Waiters()
    calls: list[Callable[[], None]] = []
    loop = asyncio.get_running_loop()
    waiting = [asyncio.create_task(waiters.wait(position, 10)) for position in (5, 5, 6)]
    await asyncio.sleep(0)
    monkeypatch.setattr(loop, "call_soon_threadsafe", calls.append)

    waiters.moved_to(4)
    waiters.moved_to(6)

    assert calls == [waiters._release]
    waiters._release()
    assert all(await asyncio.gather(*waiting))
    waiters.moved_to(7)
    assert len(calls) == 1


async def test_who_comes_late_does_not_wait():
    waiters = Waiters()
    waiters.moved_to(7)

    assert await waiters.wait(7, 0)


async def test_who_gave_up_is_not_taken_for_somebody_who_waits():
    waiters = Waiters()
    patient = asyncio.create_task(waiters.wait(5, 60))
    assert not await waiters.wait(7, 0.01)
    assert waiters.are_there

    waiters.moved_to(5)
    await patient
    assert not await waiters.wait(7, 0.01)

    assert not waiters.are_there


async def test_time_outs_and_cancellations_leave_nothing_behind():
    waiters = Waiters()
    far = 10 * FEW
    async with asyncio.timeout(5):
        assert not any(await asyncio.gather(*(waiters.wait(far, 0.01) for _ in range(far))))
    cancelled = asyncio.create_task(waiters.wait(far, 10))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled

    assert len(waiters._heap) <= 2 * FEW


async def test_at_the_end_nobody_waits_for_long_any_more(monkeypatch):
    monkeypatch.setattr(module, "LAST_SECONDS", 0.2)
    waiters = Waiters()
    waiting = [asyncio.create_task(waiters.wait(position, 60)) for position in (1, 2)]
    short = asyncio.create_task(waiters.wait(3, 0))
    await asyncio.sleep(0)

    waiters.end()
    late = asyncio.create_task(waiters.wait(4, 60))
    await asyncio.to_thread(waiters.moved_to, 1)

    async with asyncio.timeout(30):
        assert await asyncio.gather(*waiting, short, late) == [True, False, False, False]
    assert len(waiters) == 0


async def test_read_models_that_were_begun_anew_are_waited_for_again():
    waiters = Waiters()
    waiters.moved_to(7)

    waiters.moved_to(0)

    assert not await waiters.wait(7, 0.01)


async def test_nobody_is_missed_while_positions_race_by():
    waiters, last = Waiters(), 20_000
    thread = threading.Thread(target=lambda: deque(map(waiters.moved_to, range(last + 1)), maxlen=0))
    thread.start()

    for position in range(0, last, 50):
        assert await waiters.wait(position, 5)

    thread.join()


async def test_who_is_overtaken_while_he_sits_down_does_not_wait(monkeypatch):
    waiters = Waiters()

    def sit_down(heap, waiter):
        heappush(heap, waiter)
        waiters.moved_to(7)

    monkeypatch.setattr(module, "heappush", sit_down)

    assert await asyncio.wait_for(waiters.wait(7, 60), 5)


def test_a_loop_that_is_closed_does_not_disturb_the_follower():
    waiters = Waiters()
    asyncio.run(waiters_of_a_loop_that_ends(waiters))

    waiters.moved_to(1)

    assert waiters.reached == 1


async def waiters_of_a_loop_that_ends(waiters):
    task = asyncio.create_task(waiters.wait(1, 10))
    await asyncio.sleep(0)
    task.cancel()

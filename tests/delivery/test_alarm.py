"""A deadline may be moved either way at no cost, and rings once."""

import asyncio

import pytest

from couvert.delivery.alarm import Alarm


@pytest.fixture
async def rung() -> list[float]:
    return []


@pytest.fixture
async def alarm(rung) -> Alarm:
    loop = asyncio.get_running_loop()
    started_at = loop.time()
    return Alarm(loop, lambda: rung.append(loop.time() - started_at))


async def test_a_deadline_moved_back_rings_at_its_new_time(alarm, rung):
    alarm.within(0.02)
    alarm.within(0.06)
    await asyncio.sleep(0.1)
    assert [at >= 0.05 for at in rung] == [True]


async def test_a_deadline_moved_forward_rings_sooner(alarm, rung):
    alarm.within(30)
    alarm.within(0.02)
    await asyncio.sleep(0.06)
    assert len(rung) == 1


@pytest.mark.parametrize("end", [Alarm.off, Alarm.destroy])
async def test_a_deadline_taken_back_does_not_ring(alarm, rung, end):
    alarm.within(0.02)
    end(alarm)
    await asyncio.sleep(0.04)
    assert rung == []


async def test_a_deadline_set_again_after_it_was_taken_back_rings(alarm, rung):
    alarm.within(0.02)
    alarm.off()
    alarm.within(0.03)
    await asyncio.sleep(0.07)
    assert len(rung) == 1

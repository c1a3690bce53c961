"""Large messages wait for each other, so that a process never holds many at once; small ones never wait."""

import asyncio

from couvert.workers.load import Load


async def test_while_there_is_room_nobody_waits():
    load = Load(100)
    load.take(99)

    await asyncio.wait_for(load.room(), 1)


async def test_who_comes_when_it_is_full_waits_until_a_message_has_left():
    load = Load(100)
    load.take(100)
    waiting = asyncio.create_task(load.room())
    await asyncio.sleep(0)
    assert not waiting.done()

    load.give(1)

    await asyncio.wait_for(waiting, 1)


async def test_those_who_wait_go_on_one_by_one_as_long_as_there_is_room():
    load, most = Load(100), []

    async def deliver(size):
        await load.room()
        load.take(size)
        most.append(load.carried)
        await asyncio.sleep(0)
        load.give(size)

    await asyncio.wait_for(asyncio.gather(*(deliver(60) for _ in range(20))), 5)

    assert max(most) == 120  # one message more than the budget, not twenty
    assert load.carried == 0


async def test_who_gives_up_waiting_holds_up_nobody():
    load = Load(100)
    load.take(100)
    impatient, patient = (asyncio.create_task(load.room()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()

    load.give(100)

    await asyncio.wait_for(patient, 1)

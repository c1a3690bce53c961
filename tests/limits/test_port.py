"""What any engine of limits does."""

import asyncio

from couvert.limits.port import Allowance, Standing

THREE = Allowance(3, 10)


async def counted(limits, times, who="user 1", allowance=THREE):
    return [await limits.count(who, allowance) for _ in range(times)]


async def test_requests_are_counted_down_until_one_is_too_many(limits):
    assert await counted(limits, 4) == [
        Standing(3, 2, 10, is_over=False),
        Standing(3, 1, 10, is_over=False),
        Standing(3, 0, 10, is_over=False),
        Standing(3, 0, 10, is_over=True),
    ]


async def test_everybody_has_a_count_of_their_own(limits):
    await counted(limits, 4)

    assert (await limits.count("user 2", THREE)).remaining == 2


async def test_the_count_starts_anew_with_the_first_request_after_the_period(limits, clock):
    await counted(limits, 4)
    clock.now += 10_000 - 1
    (last,) = await counted(limits, 1)
    clock.now += 1

    (first,) = await counted(limits, 1)

    assert (last.is_over, last.reset_seconds) == (True, 1)
    assert first == Standing(3, 2, 10, is_over=False)


async def test_a_period_is_not_prolonged_by_requests(limits, clock):
    await counted(limits, 1)
    clock.now += 6_001

    (standing,) = await counted(limits, 1)

    assert standing == Standing(3, 1, 4, is_over=False)


async def test_looking_counts_nothing(limits):
    await counted(limits, 2)
    seen = [await limits.look("user 1", THREE) for _ in range(3)]

    assert seen == [Standing(3, 1, 10, is_over=False)] * 3
    assert not (await limits.count("user 1", THREE)).is_over
    assert (await limits.look("user 1", THREE)) == Standing(3, 0, 10, is_over=True)


async def test_looking_starts_no_period(limits, clock):
    await limits.look("user 1", THREE)
    clock.now += 5_000

    assert (await limits.count("user 1", THREE)).reset_seconds == 10


async def test_a_cost_is_counted_whole_or_not_at_all(limits):
    assert (await limits.count("key 1", THREE, 2)).remaining == 1
    assert (await limits.count("key 1", THREE, 2)).is_over
    assert (await limits.count("key 1", THREE, 1)) == Standing(3, 0, 10, is_over=False)


async def test_an_override_holds_at_once(limits):
    await counted(limits, 3)

    assert (await limits.count("user 1", Allowance(5, 10))).remaining == 1
    assert (await limits.count("user 1", Allowance(2, 10))) == Standing(2, 0, 10, is_over=True)


async def test_requests_at_the_same_moment_do_not_pass_the_limit(limits):
    standings = await asyncio.gather(*(limits.count("user 1", THREE) for _ in range(50)))

    assert sum(not standing.is_over for standing in standings) == 3

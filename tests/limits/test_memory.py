"""The engine that counts in this process: it forgets what has ended, and is never filled."""

from couvert.limits.memory import MemoryLimits, monotonic_ms
from couvert.limits.port import Allowance

ONE = Allowance(1, 10)


async def test_a_million_addresses_do_not_fill_it(clock):
    limits = MemoryLimits(clock, most=1_000)
    for n in range(100_000):
        await limits.count(f"address {n}", ONE)

    assert len(limits) == 1_000


async def test_the_oldest_is_forgotten_first(clock):
    limits = MemoryLimits(clock, most=2)
    for who in ("a", "b", "c"):
        await limits.count(who, ONE)

    assert (await limits.look("b", ONE)).is_over
    assert (await limits.look("c", ONE)).is_over
    assert not (await limits.look("a", ONE)).is_over


async def test_who_began_anew_is_not_the_oldest(clock):
    limits = MemoryLimits(clock, most=2)
    await limits.count("a", ONE)
    clock.now += 5_000
    await limits.count("b", ONE)
    clock.now += 5_000
    await limits.count("a", ONE)

    await limits.count("c", ONE)

    assert (await limits.look("a", ONE)).is_over
    assert not (await limits.look("b", ONE)).is_over


async def test_what_has_ended_goes_as_others_come(clock):
    limits = MemoryLimits(clock)
    for n in range(100):
        await limits.count(f"address {n}", ONE)
    clock.now += 10_000

    for n in range(100, 160):
        await limits.count(f"address {n}", ONE)

    assert len(limits) == 60


async def test_it_counts_by_a_clock_that_nobody_sets(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 0.0)
    before = monotonic_ms()

    standing = await MemoryLimits().count("user 1", ONE)

    assert (standing.remaining, standing.reset_seconds) == (0, 10)
    assert monotonic_ms() >= before

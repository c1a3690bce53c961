"""Whoever waits for the log to grow is told at once by this process, and soon by others."""

import asyncio

import pytest

from couvert.readmodels import feed as module
from couvert.readmodels.feed import Feed


class Log:
    def __init__(self):
        self.position = 3
        self.looks = 0

    async def __call__(self):
        self.looks += 1
        return self.position


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def feed(log):
    return Feed(log)


async def test_a_commit_of_this_process_wakes_whoever_waits(feed, log):
    waiting = [asyncio.create_task(feed.wait_beyond(3, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    feed.committed(4)

    assert await asyncio.gather(*waiting) == [True, True, True]
    assert log.looks == 0


async def test_what_is_known_needs_no_waiting(feed):
    feed.committed(9)

    assert await feed.wait_beyond(8, 0)


async def test_commits_of_others_are_looked_for(feed, log, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    waiting = asyncio.create_task(feed.wait_beyond(3, 5))
    await asyncio.sleep(0.05)
    log.position = 4

    assert await waiting


async def test_nobody_waits_longer_than_asked(feed):
    assert not await feed.wait_beyond(3, 0.02)


async def test_the_end_wakes_everybody(feed):
    waiting = asyncio.create_task(feed.wait_beyond(3, 5))
    await asyncio.sleep(0)
    feed.end()

    assert not await waiting
    await feed.over()


async def test_whoever_is_cancelled_is_gone_whatever_happens_at_the_same_moment(feed):
    waiting = asyncio.create_task(feed.wait_beyond(3, 5))
    await asyncio.sleep(0)
    feed.committed(4)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not feed._waiting

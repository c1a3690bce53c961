"""The worker of the changelog: it publishes at the start, and records when midnight has passed by its clock."""

import asyncio
import json

import pytest

from couvert.commands.changelog import RecordChangelog
from couvert.domain.changelog import DAY_MS
from couvert.store.sqlite.store import SqliteStore
from couvert.workers.changelog import ChangelogWorker
from tests.commands.unreliable import UnreliableStore
from tests.openapi.documents import document
from tests.store.changes import Clock

DOCUMENT = json.dumps(document()).encode()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def store(tmp_path, clock):
    store = UnreliableStore(SqliteStore(tmp_path, clock))
    yield store
    await store.close()


@pytest.fixture
def worker(store, clock):
    return ChangelogWorker(RecordChangelog(store, clock), lambda: DOCUMENT, clock, nap_seconds=0.005)


async def until(what):
    async with asyncio.timeout(10):
        while not (found := await what()):  # noqa: ASYNC110 - nothing tells when it is there
            await asyncio.sleep(0.005)
        return found


async def test_a_start_publishes_and_midnight_records(worker, store, clock):
    async with worker.at_work():
        published = await until(store.specification)
        clock.now += DAY_MS

        (entry,) = await until(lambda: store.changelog(20))

    assert (published.day, entry.day) == ("2027-01-15", "2027-01-15")


async def test_a_store_that_is_away_at_midnight_is_asked_again(worker, store, clock):
    async with worker.at_work():
        await until(store.specification)
        store.ends += ["refused", "lost", "refused"]
        clock.now += DAY_MS

        (entry,) = await until(lambda: store.changelog(20))

    assert entry.day == "2027-01-15"
    assert store.commits == 5


async def test_it_ends_when_it_is_told_to(worker, store, clock):
    async with worker.at_work():
        await until(store.specification)
    clock.now += DAY_MS
    await asyncio.sleep(0.02)

    assert await store.changelog(20) == []

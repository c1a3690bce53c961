"""Suppressions that have ended by themselves are recorded so, without anybody asking."""

import asyncio

from couvert.commands.suppressions import Entry, Suppressions
from couvert.domain.ids import IdSource
from couvert.store.sqlite.store import SqliteStore
from couvert.workers.suppressions import SuppressionsWorker
from tests.store.changes import NOW, SECOND, Clock


async def test_ends_are_recorded_while_it_works(tmp_path):
    clock = Clock()
    store = SqliteStore(tmp_path, clock)
    suppressions = Suppressions(store, IdSource(0, clock), clock)
    added = await suppressions.add(Entry("bob@example.org", expires_at=NOW + SECOND))

    async with asyncio.timeout(10), SuppressionsWorker(suppressions, nap_seconds=0.01).at_work():
        clock.now += SECOND
        while await store.position() < 2:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)

    stored = await store.suppression(added.suppression.id)
    assert stored is not None
    assert not stored.suppression.is_active
    await store.close()

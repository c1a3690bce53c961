"""The WAL is written back beside the commits: it stays small under load that never pauses, and so does its restart."""

import asyncio
import os
import sqlite3
from contextlib import closing

import pytest

from couvert.store.sqlite.checkpointer import PAGES
from couvert.store.sqlite.schema import PAGE_SIZE
from couvert.store.sqlite.store import FILE, SqliteStore
from tests.store.changes import mail
from tests.store.sqlite_files import assert_whole, wal_size

ROUND = PAGES * PAGE_SIZE
"""What is written between two checkpoints, roughly: 32 MB."""


@pytest.fixture
async def store(directory, clock):
    store = SqliteStore(directory, clock)
    yield store
    await store.close()


async def sizes_under_load(store, directory, changes, at_once):
    """The size of the WAL after each batch."""
    sizes = []
    for start in range(0, len(changes), at_once):
        await asyncio.gather(*map(store.commit, changes[start : start + at_once]))
        sizes.append(wal_size(directory))
    return sizes


@pytest.mark.slow
async def test_the_wal_stays_small_under_small_commits(store, directory, ids):
    sizes = await sizes_under_load(store, directory, [mail(ids) for _ in range(30_000)], at_once=64)

    assert max(sizes) < 2 * ROUND
    assert await store.position() == 30_000


@pytest.mark.slow
async def test_the_wal_stays_small_under_large_bodies(store, directory, ids):
    changes = [mail(ids, html=os.urandom(1_500_000).hex()) for _ in range(50)]

    sizes = await sizes_under_load(store, directory, changes, at_once=2)

    assert max(sizes) < 2 * ROUND


@pytest.mark.slow
async def test_the_wal_stays_small_under_mails_to_many(store, directory, ids):
    sizes = await sizes_under_load(store, directory, [mail(ids, 5_000) for _ in range(50)], at_once=2)

    assert max(sizes) < 3 * ROUND


async def test_a_body_takes_its_room_once(store, directory, ids):
    html = os.urandom(100_000).hex()

    await asyncio.gather(*(store.commit(mail(ids, html=html)) for _ in range(100)))
    await asyncio.gather(*(store.commit(mail(ids, html=html)) for _ in range(100)))

    assert wal_size(directory) + (directory / FILE).stat().st_size < 1_500_000


async def test_a_closed_store_leaves_nothing_in_the_wal(store, directory, ids):
    await store.commit(mail(ids))

    await store.close()

    assert sorted(path.name for path in directory.iterdir()) == [FILE]
    assert_whole(directory)


async def test_every_commit_is_synced(store, directory):
    connection = store._writer._database.get()

    assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    assert connection.execute("pragma synchronous").fetchone() == (2,)


async def test_point_reads_and_takes_find_their_rows_by_index(store, directory, ids):
    from couvert.store.sqlite import queue, store as adapter

    statements = {
        queue._LINES: (0, 1, 1),
        queue._LEASE: (1, 1, 0, 1, 1, 1),
        queue._FIRST: (0, 1),
        queue._LOOK: (),
        adapter._TIMELINE: (1, 1),
    }
    with closing(sqlite3.connect(directory / FILE)) as connection:
        plans = [
            step
            for sql, values in statements.items()
            for *_, step in connection.execute(f"explain query plan {sql}", values).fetchall()
        ]

    assert plans
    assert not [step for step in plans if step.startswith("SCAN")]

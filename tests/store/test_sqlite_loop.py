"""The event loop is never held up: what takes long, or has to wait for somebody else, does so in a thread."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

from couvert.store.sqlite import rows
from couvert.store.sqlite.store import FILE, SqliteStore
from tests.store.changes import mail


@pytest.fixture
async def store(directory, clock):
    store = SqliteStore(directory, clock)
    yield store
    await store.close()


@pytest.fixture
def deflating(monkeypatch) -> list[str]:
    """In which threads bodies were deflated."""
    threads, deflate = [], rows.deflate

    def noted(body):
        threads.append(threading.current_thread().name)
        return deflate(body)

    monkeypatch.setattr(rows, "deflate", noted)
    return threads


async def test_a_long_body_is_deflated_in_a_thread(store, ids, deflating):
    await store.commit(mail(ids, html="<p>long</p>" * 50_000))

    assert deflating == ["committer"]


async def test_a_very_long_body_is_deflated_before_its_turn(store, ids, deflating):
    await store.commit(mail(ids, html="<p>long</p>" * 100_000))

    (thread,) = deflating
    assert thread not in {"committer", "MainThread"}


async def test_a_mail_to_many_is_written_in_a_thread(store, ids, deflating):
    await store.commit(mail(ids, recipients=1_000, html="<p>to many</p>"))

    assert deflating == ["committer"]


async def test_a_small_mail_needs_no_thread_but_for_the_sync(store, ids, deflating):
    await store.commit(mail(ids, html="<p>small</p>"))

    assert deflating == ["MainThread"]


async def test_while_another_process_writes_the_loop_goes_on(store, directory, ids):
    with closing(sqlite3.connect(directory / FILE, isolation_level=None)) as other:
        other.execute("begin immediate")
        commit = asyncio.ensure_future(store.commit(mail(ids)))
        async with asyncio.timeout(2):
            for _ in range(20):
                await asyncio.sleep(0.001)
        assert not commit.done()
        other.execute("rollback")

    assert await commit == 1


async def test_after_a_faulty_item_the_next_ones_go_the_short_way_again(store, ids, deflating):
    change = mail(ids)
    await asyncio.gather(store.commit(change), store.commit(change), return_exceptions=True)

    await store.commit(mail(ids, html="<p>after</p>"))

    assert deflating == ["MainThread"]

"""What has served is cleared: no key and no count of a day stays for ever, and nothing goes that still counts."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from couvert.commands.idempotency import IdempotencyKeys, claim_of
from couvert.commands.leftovers import AT_ONCE, ClearLeftovers
from couvert.domain.restrictions import DAY_MS, DailyUse
from couvert.store.changes import Change
from couvert.store.sqlite.store import FILE, SqliteStore
from couvert.workers.leftovers import keep_clearing
from couvert.workers.tasks import at_work
from tests.store.changes import NOW, Clock

WINDOW_MS = 7 * DAY_MS


def claim(n):
    return claim_of(who="alice", method="POST", path="/v2/mails", key=f"k-{n}", body=b"{}")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def store(tmp_path, clock):
    store = SqliteStore(tmp_path, clock)
    yield store
    await store.close()


@pytest.fixture
def leftovers(store, clock):
    return ClearLeftovers(store, clock, WINDOW_MS)


@pytest.fixture
def rows(tmp_path):
    def count(table):
        with closing(sqlite3.connect(tmp_path / FILE)) as connection:
            return connection.execute(f"select count(*) from {table}").fetchone()[0]

    return count


async def use_key(store, n, at):
    kept = claim(n).kept(None, at=at)
    await store.commit(Change(at=at, idempotency=kept, answers={kept.scope: b"told"}))


async def test_a_key_past_its_window_is_forgotten_and_no_other(store, clock, leftovers, rows):
    await use_key(store, 1, NOW)
    await use_key(store, 2, NOW + 1)
    clock.now = NOW + WINDOW_MS

    assert not await leftovers.some()

    assert rows("idempotency") == 1
    keys = IdempotencyKeys(store, clock, WINDOW_MS)
    assert await keys.earlier(claim(1)) is None
    later = await keys.earlier(claim(2))
    assert later is not None
    assert later.answer == b"told"


async def test_what_keys_sent_today_and_yesterday_stays(store, clock, leftovers, rows):
    for day in range(5):
        await store.commit(Change(at=NOW, daily_use=DailyUse(7, NOW // DAY_MS - day, 3, 1_000)))

    await leftovers.some()

    assert rows("key_usage") == 2
    assert await store.used(7, NOW // DAY_MS) == 3


async def test_so_many_go_in_a_commit_the_oldest_first(store, clock, leftovers, rows):
    await asyncio.gather(*(use_key(store, n, NOW + n) for n in range(AT_ONCE + 1)))
    clock.now = NOW + WINDOW_MS + AT_ONCE

    assert await leftovers.some()
    assert rows("idempotency") == 1
    assert (await store.idempotency(claim(AT_ONCE).scope)).created_at == NOW + AT_ONCE
    assert not await leftovers.some()
    assert rows("idempotency") == 0


def test_what_is_cleared_is_found_by_its_age(store, tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        plans = [
            connection.execute("explain query plan " + sql).fetchall()
            for sql in (
                "select scope from idempotency where created_at <= 1 order by created_at limit 5",
                "select day, key from key_usage where day < 1 order by day limit 5",
            )
        ]

    assert [[row[-1].split(" ")[0] for row in plan] for plan in plans] == [["SEARCH"], ["SEARCH"]]


async def test_leftovers_go_while_the_service_runs(store, clock, leftovers, rows):
    await asyncio.gather(*(use_key(store, n, NOW) for n in range(2 * AT_ONCE)))
    clock.now = NOW + WINDOW_MS

    async with asyncio.timeout(10), at_work(lambda: keep_clearing(leftovers, nap_seconds=0.01)):
        while rows("idempotency"):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)

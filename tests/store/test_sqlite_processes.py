"""Several processes on one file: they share it, and one that is killed has told no lie."""

import asyncio
import sqlite3
from contextlib import closing
from functools import partial

import pytest

from couvert.domain.ids import IdSource
from couvert.store.sqlite.connections import open_writer
from couvert.store.sqlite.store import FILE, SqliteStore
from tests.store.appender import now_ms
from tests.store.changes import content_of, mail
from tests.store.sqlite_files import appending, assert_whole, log_of


@pytest.mark.crash
@pytest.mark.parametrize("acknowledged", [1, 100, 1_500])
def test_whatever_a_killed_process_was_told_is_kept_is_there(directory, acknowledged):
    with appending(directory, 1) as appender:
        appender.listen("kept", acknowledged)
        appender.kill()

    assert len(appender.kept) >= acknowledged
    assert appender.kept.items() <= log_of(directory).items()
    assert_whole(directory)


@pytest.mark.crash
async def test_the_log_goes_on_where_a_killed_process_left_it(directory, ids, clock):
    with appending(directory, 1) as appender:
        appender.listen("kept", 200)
        appender.kill()
    left = max(log_of(directory))

    store = SqliteStore(directory, clock)
    position = await store.commit(mail(ids))
    await store.close()

    assert position == left + 1
    assert_whole(directory)


async def test_two_processes_write_one_log_and_nobody_fails(directory):
    store, ids = SqliteStore(directory, now_ms), IdSource(2, now_ms)

    with appending(directory, 1, 2_000) as appender:
        await asyncio.to_thread(appender.listen, "kept", 1)
        ours = {await store.commit(change): content_of(change).mail_id for change in [mail(ids) for _ in range(200)]}
        await asyncio.to_thread(appender.listen, "kept", 1_999)
    await store.close()

    assert log_of(directory) == appender.kept | ours
    assert len(log_of(directory)) == 2_200
    assert_whole(directory)


async def test_a_process_sees_at_once_what_another_committed(directory, clock, ids):
    one, other = SqliteStore(directory, clock), SqliteStore(directory, clock)

    positions = [await store.commit(mail(ids)) for store in (one, other, one, one, other)]

    assert positions == [1, 2, 3, 4, 5]
    assert await one.position() == await other.position() == 5
    await one.close()
    await other.close()


class Making(sqlite3.Connection):
    """Of a file that another process is about to turn into WAL, too: rare, and SQLite does not wait for that."""

    refusals = 3

    def execute(self, sql, *given):
        if "journal_mode" in sql and self.refusals:
            self.refusals -= 1
            locked = sqlite3.OperationalError("database is locked")
            locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise locked
        return super().execute(sql, *given)


def test_who_makes_a_new_file_waits_for_another_process_that_does(directory, monkeypatch):
    directory.mkdir(exist_ok=True)
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Making))
    with closing(open_writer(directory / FILE)) as connection:
        assert sqlite3.Connection.execute(connection, "pragma journal_mode").fetchone() == ("wal",)

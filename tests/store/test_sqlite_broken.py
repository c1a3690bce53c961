"""A disk that fails: what nobody saw end may be kept, and nothing is accepted before the disk holds what we read."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from couvert.domain.refusals import Unavailable
from couvert.store.sqlite import store as adapter, write_connection, writer
from couvert.store.sqlite.store import FILE, SqliteStore
from tests.store.changes import NOW, SECOND, WORKER, content_of, mail
from tests.store.failing import Disk
from tests.store.sqlite_files import assert_whole, log_of


@pytest.fixture
def disk(monkeypatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(adapter, "open_writer", disk.open)
    monkeypatch.setattr(write_connection, "REOPEN_SECONDS", 0)
    return disk


@pytest.fixture
async def store(disk, directory, clock):
    store = SqliteStore(directory, clock)
    yield store
    disk.recover()
    await store.close()
    assert_whole(directory)


async def trouble_of(work) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await work
    return caught.value


async def test_a_commit_that_failed_may_be_kept(store, disk, ids):
    disk.fail("commit")

    trouble = await trouble_of(store.commit(mail(ids)))

    assert trouble.may_be_kept
    assert "may have been kept" in trouble.message


async def test_a_commit_that_failed_and_was_not_kept_is_not_there_afterwards(store, disk, directory, ids):
    disk.fail("commit")
    await trouble_of(store.commit(mail(ids)))
    disk.recover()

    again = mail(ids)

    assert await store.commit(again) == 1
    assert log_of(directory) == {1: content_of(again).mail_id}


async def test_a_commit_that_was_kept_although_it_failed_is_there_afterwards(store, disk, directory, ids):
    first, second = mail(ids), mail(ids)
    disk.fail("commit", is_done=True)
    await trouble_of(store.commit(first))
    disk.recover()

    position = await store.commit(second)

    assert position == 2
    assert log_of(directory) == {1: content_of(first).mail_id, 2: content_of(second).mail_id}


async def test_everybody_in_the_group_is_told(store, disk, ids):
    disk.fail("commit")

    answers = await asyncio.gather(*(store.commit(mail(ids)) for _ in range(50)), return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert await store.position() == 0


async def test_nothing_is_accepted_after_a_failed_sync_before_the_log_is_written_back(store, disk, ids):
    disk.fail("commit")
    await trouble_of(store.commit(mail(ids)))
    disk.recover()
    disk.done.clear()

    await store.commit(mail(ids))

    assert "pragma wal_checkpoint(truncate)" in disk.done[: disk.done.index("begin immediate")]


async def test_while_the_log_cannot_be_written_back_nothing_is_accepted_and_nothing_is_in_doubt(store, disk, ids):
    disk.fail("commit")
    await trouble_of(store.commit(mail(ids)))
    disk.fail("pragma wal_checkpoint")

    troubles = [await trouble_of(store.commit(mail(ids))) for _ in range(3)]
    disk.recover()

    assert not any(trouble.may_be_kept for trouble in troubles)
    assert await store.commit(mail(ids)) == 1


async def test_while_somebody_reads_what_has_to_be_written_back_nothing_is_accepted(store, disk, directory, ids):
    await store.commit(mail(ids))
    with closing(sqlite3.connect(directory / FILE, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select * from event").fetchall()
        disk.fail("commit")
        await trouble_of(store.commit(mail(ids)))
        disk.recover()
        trouble = await trouble_of(store.commit(mail(ids)))

    assert not trouble.may_be_kept
    assert await store.commit(mail(ids)) == 2


async def test_a_statement_that_failed_has_kept_nothing(store, disk, ids):
    disk.fail("insert into delivery")

    trouble = await trouble_of(store.commit(mail(ids)))
    disk.recover()

    assert not trouble.may_be_kept
    assert await store.commit(mail(ids)) == 1


async def test_a_damaged_database_fails_the_group_and_not_one_by_one(store, disk, ids):
    disk.fail("insert into delivery", error=sqlite3.DatabaseError)

    answers = await asyncio.gather(*(store.commit(mail(ids)) for _ in range(5)), return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert not any(sql.startswith("savepoint") for sql in disk.done)


async def test_a_read_only_database_refuses_and_is_read_all_the_same(store, disk, ids):
    change = mail(ids)
    await store.commit(change)
    disk.fail("commit")
    disk.is_read_only = True
    await trouble_of(store.commit(mail(ids)))
    disk.before = lambda sql: None

    trouble = await trouble_of(store.commit(mail(ids)))
    taking = await trouble_of(store.take(owner=WORKER, now=NOW, until=NOW + SECOND, limit=1))

    assert "readonly" in trouble.message
    assert not trouble.may_be_kept
    assert not taking.may_be_kept
    assert await store.content(content_of(change).mail_id) == change.content
    disk.recover()
    assert await store.commit(mail(ids)) == 2


async def test_a_database_that_is_locked_for_too_long_refuses(store, directory, ids, monkeypatch):
    monkeypatch.setattr(write_connection, "PATIENCE_SECONDS", 0.1)
    with closing(sqlite3.connect(directory / FILE, isolation_level=None)) as other:
        other.execute("begin immediate")
        trouble = await trouble_of(store.commit(mail(ids)))
        other.execute("rollback")

    assert "locked" in trouble.message
    assert not trouble.may_be_kept
    assert await store.commit(mail(ids)) == 1


async def test_while_the_database_is_being_reopened_everybody_is_answered_at_once(store, disk, ids, monkeypatch):
    monkeypatch.setattr(write_connection, "REOPEN_SECONDS", 60)
    disk.fail("commit")
    await trouble_of(store.commit(mail(ids)))
    disk.fail("pragma wal_checkpoint")
    await trouble_of(store.commit(mail(ids)))
    disk.recover()
    disk.done.clear()

    trouble = await trouble_of(store.commit(mail(ids)))

    assert "reopened" in trouble.message
    assert disk.done == []


async def test_a_log_that_cannot_be_written_does_not_silence_the_store(store, disk, ids, monkeypatch):
    def broken_pipe(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr(writer.log, "error", broken_pipe)
    disk.fail("commit")

    await trouble_of(store.commit(mail(ids)))
    disk.recover()

    assert await store.commit(mail(ids)) == 1


async def test_whoever_gave_up_waiting_disturbs_nobody(store, ids):
    impatient = [asyncio.ensure_future(store.commit(mail(ids))) for _ in range(10)]
    await asyncio.sleep(0)
    for task in impatient[::2]:
        task.cancel()

    answers = await asyncio.gather(*impatient, return_exceptions=True)

    assert [type(answer) for answer in answers] == [asyncio.CancelledError, int] * 5
    assert await store.commit(mail(ids)) == await store.position()


# --- The end ----------------------------------------------------------------------------------------------------------


async def test_closing_finishes_what_was_under_way(store, ids):
    commits = [asyncio.ensure_future(store.commit(mail(ids))) for _ in range(1_200)]
    await asyncio.sleep(0)

    await store.close()

    assert sorted(await asyncio.gather(*commits)) == list(range(1, 1_201))


async def test_a_closed_store_says_so(store, ids):
    await store.close()

    await trouble_of(store.commit(mail(ids)))
    await trouble_of(store.position())

"""A database that cannot be written, for whatever reason: it says so, at once and to everybody, and comes back."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from couvert.domain.refusals import Unavailable
from couvert.store.sqlite import committer, write_connection
from couvert.store.sqlite.store import FILE
from tests.store.changes import NOW, SECOND, WORKER, content_of, mail
from tests.store.failing import trouble_of


@pytest.fixture
def store(store_on_disk):
    return store_on_disk


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
    assert await store.content(content_of(change).mail_id) == content_of(change)
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

    monkeypatch.setattr(committer.log, "error", broken_pipe)
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

"""A sync that fails: what nobody saw end may be kept, and nothing is accepted before the disk holds what we read."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from couvert.domain.refusals import Unavailable
from couvert.store.sqlite.store import FILE
from tests.store.changes import content_of, mail
from tests.store.failing import trouble_of
from tests.store.sqlite_files import log_of


@pytest.fixture
def store(store_on_disk):
    return store_on_disk


SHORT_AND_LONG_WAY = pytest.mark.parametrize("recipients", [1, 500])


@SHORT_AND_LONG_WAY
async def test_a_commit_that_failed_may_be_kept(store, disk, ids, recipients):
    disk.fail("commit")

    trouble = await trouble_of(store.commit(mail(ids, recipients)))

    assert trouble.may_be_kept
    assert "may have been kept" in trouble.message


@SHORT_AND_LONG_WAY
async def test_a_commit_that_failed_and_was_not_kept_is_not_there_afterwards(store, disk, directory, ids, recipients):
    disk.fail("commit")
    await trouble_of(store.commit(mail(ids, recipients)))
    disk.recover()

    again = mail(ids, recipients)

    assert await store.commit(again) == 1
    assert log_of(directory) == {1: content_of(again).mail_id}


@SHORT_AND_LONG_WAY
async def test_a_commit_that_was_kept_although_it_failed_is_there_afterwards(store, disk, directory, ids, recipients):
    first, second = mail(ids, recipients), mail(ids, recipients)
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

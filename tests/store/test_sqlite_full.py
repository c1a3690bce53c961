"""A disk that is full: everybody is told that nothing was kept, and as soon as there is room all goes on."""

import asyncio
import resource

import pytest

from couvert.domain.refusals import Unavailable
from couvert.store.sqlite import store as adapter
from couvert.store.sqlite.connections import open_writer
from couvert.store.sqlite.store import SqliteStore
from tests.store.changes import content_of, mail
from tests.store.sqlite_files import Appender, appending, assert_whole, log_of, wal_size

NO_LIMIT = resource.RLIM_INFINITY


def limit_files(appender: Appender, size: int) -> None:
    """No file of the process may grow beyond it: what a full disk looks like."""
    resource.prlimit(appender.process.pid, resource.RLIMIT_FSIZE, (size, NO_LIMIT))


@pytest.mark.slow
def test_on_a_full_disk_nothing_is_kept_and_nothing_accepted_is_lost(directory):
    with appending(directory, 1) as appender:
        appender.listen("kept", 100)
        limit_files(appender, wal_size(directory) + 100_000)
        appender.listen("refused", 50)
        limit_files(appender, NO_LIMIT)
        appender.listen("kept", 100)
        appender.kill()

    refused = {told.mail_id for told in appender.told if told.outcome == "refused"}
    log = log_of(directory)
    assert appender.kept.items() <= log.items()
    assert not refused & set(log.values())
    assert {told.number for told in appender.told if told.outcome == "refused"} == {0}
    assert_whole(directory)


@pytest.mark.slow
def test_a_disk_that_fills_up_again_and_again_costs_nobody_a_mail(directory):
    with appending(directory, 1) as appender:
        for _ in range(4):
            appender.listen("kept", 50)
            limit_files(appender, wal_size(directory) + 20_000)
            appender.listen("refused", 10)
            limit_files(appender, NO_LIMIT)
        appender.listen("kept", 50)
        appender.kill()

    assert appender.kept.items() <= log_of(directory).items()
    assert_whole(directory)


@pytest.fixture
def pages(monkeypatch) -> list[int]:
    """How many pages the database may have; change it while it is open by failing once."""
    pages = [1_000_000]

    def limited(path):
        connection = open_writer(path)
        connection.execute(f"pragma max_page_count = {pages[0]}")
        return connection

    monkeypatch.setattr(adapter, "open_writer", limited)
    return pages


async def test_a_full_database_says_so_until_there_is_room(directory, clock, ids, pages, monkeypatch):
    monkeypatch.setattr("couvert.store.sqlite.write_connection.REOPEN_SECONDS", 0)
    pages[0] = 100
    store = SqliteStore(directory, clock)

    answers = await asyncio.gather(*(store.commit(mail(ids)) for _ in range(5)))
    with pytest.raises(Unavailable, match="nothing was kept") as caught:
        await store.commit(mail(ids, recipients=10_000))
    pages[0] = 1_000_000
    change = mail(ids, recipients=10_000)
    position = await store.commit(change)

    assert not caught.value.may_be_kept
    assert store.committed.unavailable == 1
    assert position == len(answers) + 1
    assert log_of(directory)[position] == content_of(change).mail_id
    await store.close()
    assert log_of(directory).keys() == set(range(1, position + 1))

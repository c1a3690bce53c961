"""Questions run off the event loop, and a file that cannot be read is told, not crashed on."""

import sqlite3
import threading

import pytest

from couvert.domain.refusals import Unavailable
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.pages import Wanted
from couvert.readmodels.pool import ReadPool
from couvert.readmodels.reading import Reading
from couvert.readmodels.rebuild import rebuild
from tests.readmodels.following import follow


@pytest.fixture
def pool(world):
    pool = ReadPool(world.directory, readers=2)
    yield pool
    pool.close()


async def test_a_question_is_asked_in_a_thread_of_its_own(pool, world):
    follow(world.directory)

    assert await pool.run(lambda _files: threading.current_thread()) is not threading.current_thread()


async def test_connections_are_used_again(pool, world):
    follow(world.directory)

    assert await pool.run(id) == await pool.run(id)


async def test_an_error_of_the_database_is_unavailable_and_the_next_question_is_answered(pool, world):
    follow(world.directory)

    def broken(_files):
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(Unavailable):
        await pool.run(broken)
    assert await pool.run(lambda files: files.position()) == 0


async def test_before_anything_was_followed_there_is_nothing_to_read(world):
    reading = Reading(world.directory)

    with pytest.raises(Unavailable):
        await reading.mails(MailFilter(), Wanted())
    reading.close()


async def test_questions_go_on_through_a_rebuild(world):
    mail_id = await world.accept()
    follow(world.directory)
    reading = Reading(world.directory)
    before = await reading.mails(MailFilter(text="hello"), Wanted())

    rebuild(world.directory)

    after = await reading.mails(MailFilter(text="hello"), Wanted())
    assert [view.mail_id for view in before.items] == [view.mail_id for view in after.items] == [mail_id]
    reading.close()


async def test_what_a_page_accepts_is_bounded(world, monkeypatch):
    monkeypatch.setattr("couvert.readmodels.log.MOST_RECIPIENTS", 5)
    made = [await world.accept(count) for count in (3, 3, 9, 1, 1)]
    follow(world.directory)
    reading = Reading(world.directory)

    found = await reading.mails(MailFilter(text="hello"), Wanted())
    assert [view.mail_id for view in found.items] == made[::-1]
    assert (await reading.position()) == 5
    reading.close()

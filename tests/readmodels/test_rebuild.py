"""A rebuild says whether the read models were right, and puts new ones in their place while everything runs."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

from couvert.domain.delivery import State
from couvert.domain.refusals import Conflict, NotFound
from couvert.readmodels import lock
from couvert.readmodels.audit import audit
from couvert.readmodels.model_file import ModelFile
from couvert.readmodels.read import ReadModels
from couvert.readmodels.rebuild import LOCK, rebuild
from couvert.store.sqlite.store import FILE
from tests.readmodels.following import FIRST, follow


async def test_what_was_followed_live_agrees(world):
    await happen(world)
    follow(world.directory, up_to=3)

    rebuilt = rebuild(world.directory)

    assert rebuilt.has_agreed
    assert rebuilt.live == rebuilt.new
    assert (rebuilt.new.position, rebuilt.events) == (3, 6)
    assert rebuilt.events_per_second > 0


async def test_afterwards_there_is_one_file_and_it_has_reached_the_end(world):
    await happen(world)
    follow(world.directory, up_to=3)

    rebuilt = rebuild(world.directory)

    assert [path.name for path in world.directory.glob("readmodels-*")] == [rebuilt.file]
    with ReadModels(world.directory) as models:
        assert models.position() == 6


async def test_read_models_that_were_wrong_are_told_and_replaced(world):
    mail_id = await happen(world)
    follow(world.directory)
    run(world.directory / FIRST, "update mail set sent = 0, bounced = 1 where sent")

    rebuilt = rebuild(world.directory)

    assert rebuilt.has_agreed is False
    with ReadModels(world.directory) as models:
        mail = models.mail(mail_id)
    assert mail is not None
    assert (mail.counts[State.SENT], mail.counts[State.BOUNCED]) == (1, 0)
    assert audit(world.directory).is_sound


async def test_without_read_models_there_is_nothing_to_agree_with(world):
    await happen(world)

    rebuilt = rebuild(world.directory)

    assert rebuilt.live is None
    assert rebuilt.has_agreed is None
    assert rebuilt.new.position == 6


async def test_an_erasure_in_the_vault_changes_nothing(world):
    await happen(world)
    follow(world.directory)
    run(world.directory / FILE, "delete from note")
    run(world.directory / FILE, "update recipient set email = ''")

    assert rebuild(world.directory).has_agreed


async def test_order_and_layout_of_rows_do_not_matter(world):
    await happen(world)
    follow(world.directory)
    run(world.directory / FIRST, "create table other as select * from mail")
    run(world.directory / FIRST, "delete from mail")
    run(world.directory / FIRST, "insert into mail select * from other order by mail_id desc")
    run(world.directory / FIRST, "drop table other")
    run(world.directory / FIRST, "vacuum")

    assert rebuild(world.directory).has_agreed


async def test_it_works_while_a_service_runs(world, start):
    follower = start()
    await happen(world)

    for _ in range(5):
        rebuilding = asyncio.create_task(asyncio.to_thread(rebuild, world.directory))
        while not rebuilding.done():
            await world.accept()
        assert (await rebuilding).has_agreed is not False

    last = await world.store.position()
    assert await follower.reached_position(last, 5)
    with ReadModels(world.directory) as models:
        assert models.position() == last
        assert sum(models.totals().values()) == len(world.deliveries)


async def test_whoever_saw_an_event_sees_it_after_the_swap_too(world, start):
    follower = start()
    await happen(world)
    await follower.reached_position(6, 5)
    stop = threading.Event()
    rebuilding = asyncio.create_task(asyncio.to_thread(rebuild_again_and_again, world.directory, stop))

    with ReadModels(world.directory) as models:
        for _ in range(200):
            mail_id = await world.accept()
            assert await follower.reached_position(await world.store.position(), 5)
            assert models.mail(mail_id) is not None

    stop.set()
    assert await rebuilding > 0


async def test_what_a_stopped_rebuild_left_is_cleared_away(world):
    await happen(world)
    with ModelFile(world.directory / "readmodels-left.db"):
        pass

    rebuilt = rebuild(world.directory)

    assert [path.name for path in world.directory.glob("readmodels-*")] == [rebuilt.file]


async def test_a_rebuild_that_fails_leaves_everything_as_it_was(world):
    await happen(world)
    follow(world.directory)
    run(world.directory / FILE, "create trigger no before update on read_models begin select raise(abort, 'no'); end")

    with pytest.raises(sqlite3.IntegrityError):
        rebuild(world.directory)

    assert [path.name for path in world.directory.glob("readmodels-*.db")] == [FIRST]
    with ReadModels(world.directory) as models:
        assert models.position() == 6


async def test_there_is_one_rebuild_at_a_time(world):
    with lock.held(world.directory / LOCK), pytest.raises(Conflict):
        rebuild(world.directory)


def test_without_a_database_there_is_nothing_to_rebuild(tmp_path):
    with pytest.raises(NotFound):
        rebuild(tmp_path)

    assert list(tmp_path.iterdir()) == []


async def happen(world):
    """Six events of two recipients and a key."""
    mail_id = await world.accept(2)
    await world.work("taken", "refused")
    await world.keys.create(name="app", origins=[], expires_at=None)
    return mail_id


def rebuild_again_and_again(directory, stop):
    count = 0
    while not stop.is_set():
        assert rebuild(directory).has_agreed
        count += 1
    return count


def run(path, sql):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)

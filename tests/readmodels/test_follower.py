"""The follower: soon after each commit the read models hold it, whatever becomes of their file."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from couvert.domain.delivery import State
from couvert.readmodels import follower as module, pointer
from couvert.readmodels.mails import Mails
from couvert.readmodels.model_file import ModelFile
from couvert.readmodels.read import ReadModels
from couvert.readmodels.rebuild import rebuild
from couvert.store.sqlite.store import FILE

NEVER = 60
SOON = 5.0


async def test_what_was_committed_is_readable_at_once(world, start, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", NEVER)
    follower = start()

    mail_id = await world.accept(3)

    assert await follower.reached_position(await world.store.position(), SOON)
    assert mail(world, mail_id).counts[State.QUEUED] == 3


async def test_what_another_process_committed_is_seen_without_being_woken(world, start, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    follower = start(is_woken=False)

    await world.accept()

    assert await follower.reached_position(1, SOON)


async def test_who_waits_longer_than_he_wants_is_told_so(world, start):
    follower = start(delay_ms=NEVER * 1000)
    await world.accept()

    assert not await follower.reached_position(1, 0.05)
    assert await follower.reached_position(0, 0.05)


async def test_it_stops_at_once(world, start, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", NEVER)
    follower = start()
    await world.accept()
    await follower.reached_position(1, SOON)
    started = time.monotonic()

    follower.stop()

    assert time.monotonic() - started < 1
    assert not follower.is_alive()


async def test_it_stops_in_the_middle_of_a_delay(world, start):
    follower = start(delay_ms=NEVER * 1000)
    await world.accept()

    follower.stop()

    assert not follower.is_alive()


async def test_it_goes_on_where_it_stopped(world, start):
    await world.accept()
    first = start()
    await first.reached_position(1, SOON)
    first.stop()
    mail_id = await world.accept()

    second = start()

    assert await second.reached_position(2, SOON)
    assert mail(world, mail_id).counts[State.QUEUED] == 1
    assert models_of(world).name == "readmodels-1.db"


async def test_no_reader_is_left_open_between_batches(world, start):
    follower = start()
    await world.accept()
    await follower.reached_position(1, SOON)

    with closing(sqlite3.connect(world.directory / FILE)) as connection:
        [(is_blocked, *_)] = connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    assert not is_blocked


# One follower per directory.


async def test_a_second_follower_waits_and_takes_over(world, start):
    await world.accept()
    first = start()
    assert await first.reached_position(1, SOON)
    second = start()
    assert not await second.reached_position(1, 0.1)

    first.stop()

    assert await second.reached_position(1, SOON)


async def test_a_follower_that_waits_for_its_turn_can_be_stopped(world, start):
    await world.accept()
    first = start()
    assert await first.reached_position(1, SOON)
    second = start()

    second.stop()

    assert not second.is_alive()


# Whatever becomes of the file.


async def test_a_file_that_is_deleted_is_made_anew_under_another_name(world, start):
    mail_id = await world.accept()
    follower = start()
    await follower.reached_position(1, SOON)
    models_of(world).unlink()

    await world.accept()

    assert await follower.reached_position(2, SOON)
    assert mail(world, mail_id).counts[State.QUEUED] == 1
    assert models_of(world).name != "readmodels-1.db"


async def test_what_was_reached_is_not_any_more_once_its_file_is_gone(world, start, monkeypatch):
    await world.accept()
    follower = start()
    await follower.reached_position(1, SOON)
    models_of(world).unlink()
    monkeypatch.setattr(module, "ModelFile", no_space)

    await world.accept()

    assert not await follower.reached_position(2, 0.2)
    assert follower.reached == 0


def no_space(path):
    raise sqlite3.OperationalError("database or disk is full")


def garbage(path):
    path.write_bytes(b"not a database at all" * 1_000)


def other_version(path):
    run(path, "update projection set version = version + 1")


def another_program(path):
    path.unlink()
    run(path, "create table strangers (name text)")


def another_log(path):
    run(path, "update checkpoint set position = 1, stream = 5, at = 5")


def longer_log(path):
    run(path, "update checkpoint set position = 1000")


def truncated(path):
    path.write_bytes(path.read_bytes()[:8192])


def empty(path):
    path.write_bytes(b"")


def gone(path):
    path.unlink()


@pytest.mark.parametrize(
    "damage", [garbage, other_version, another_program, another_log, longer_log, truncated, empty, gone]
)
async def test_a_file_that_cannot_be_used_is_made_anew(damage, world, start):
    mail_id = await world.accept()
    with ModelFile(world.directory / "readmodels-1.db"):
        pass
    damage(world.directory / "readmodels-1.db")

    follower = start()

    assert await follower.reached_position(1, SOON)
    assert mail(world, mail_id).counts[State.QUEUED] == 1
    assert list(world.directory.glob("readmodels-*.db")) == [models_of(world)]


async def test_damage_that_shows_only_later_is_made_good_then(world, start):
    mail_id = await world.accept()
    path = world.directory / "readmodels-1.db"
    with ModelFile(path) as models:
        models.settle()
    damage_table(path, "mail")

    follower = start()

    assert await follower.reached_position(1, SOON)
    assert mail(world, mail_id).counts[State.QUEUED] == 1
    assert models_of(world) != path


async def test_it_follows_into_the_file_of_a_rebuild(world, start):
    mail_id = await world.accept()
    follower = start()
    await follower.reached_position(1, SOON)

    rebuilt = rebuild(world.directory)
    await world.work("taken")

    assert await follower.reached_position(3, SOON)
    assert models_of(world).name == rebuilt.file
    assert mail(world, mail_id).counts[State.SENT] == 1


# Whatever goes wrong.


@pytest.mark.parametrize(
    "trouble", [sqlite3.OperationalError("database or disk is full"), RuntimeError("a fault of ours")]
)
async def test_it_tries_again_until_it_can(trouble, world, start, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    troubles, project = [trouble] * 3, Mails.project

    def fail_at_first(self, connection, events):
        project(self, connection, events)
        if troubles:
            raise troubles.pop()

    monkeypatch.setattr(Mails, "project", fail_at_first)
    mail_id = await world.accept()

    with structlog.testing.capture_logs() as logs:
        follower = start()
        assert await follower.reached_position(1, SOON)

    assert mail(world, mail_id).counts[State.QUEUED] == 1
    assert len(logs) == 3


async def test_an_event_it_cannot_read_does_not_stop_it(world, start):
    await world.accept()
    run(world.directory / FILE, "update event set type = 77")
    mail_id = await world.accept()

    follower = start()

    assert await follower.reached_position(2, SOON)
    assert mail(world, mail_id).counts[State.QUEUED] == 1


async def test_events_of_no_mail_do_not_stop_it(world, start):
    await world.accept()
    await world.work("taken")
    run(world.directory / FILE, "update event set stream = 5 where part = 0")

    follower = start()

    assert await follower.reached_position(3, SOON)


# What the tests share.


def mail(world, mail_id):
    with ReadModels(world.directory) as models:
        return models.mail(mail_id)


def models_of(world) -> Path:
    with closing(sqlite3.connect(world.directory / FILE)) as connection:
        return Path(world.directory, pointer.current(connection))


def run(path, sql):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)


def damage_table(path, table):
    """Its first page becomes noise, and the rest of the file stays as it is."""
    with closing(sqlite3.connect(path)) as connection:
        [(root,)] = connection.execute("select rootpage from sqlite_schema where name = ?", (table,)).fetchall()
        [(page_size,)] = connection.execute("pragma page_size").fetchall()
    with path.open("r+b") as file:
        file.seek((root - 1) * page_size)
        file.write(b"\xff" * page_size)

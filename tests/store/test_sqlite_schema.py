"""The schema: made on a first start, brought up to date on a later one, and never touched if it is from the future."""

import sqlite3
from contextlib import closing

import pytest

from couvert.store import codec
from couvert.store.sqlite import schema
from couvert.store.sqlite.connections import open_writer
from couvert.store.sqlite.schema import TooNew, migrate
from couvert.store.sqlite.store import FILE, SqliteStore


@pytest.fixture
def connection(tmp_path):
    with closing(open_writer(tmp_path / FILE)) as connection:
        yield connection


def tables_of(connection):
    return {name for (name,) in connection.execute("select name from sqlite_schema where type = 'table'")}


def test_a_first_start_makes_everything_and_a_second_one_nothing(connection):
    assert migrate(connection) == len(schema.STEPS)
    assert migrate(connection) == 0
    assert {"event", "delivery", "api_key", "idempotency", "content", "body", "recipient"} <= tables_of(connection)


def test_the_file_names_every_event_that_it_may_hold(connection):
    migrate(connection)

    names = dict(connection.execute("select code, name from event_type"))

    assert names == {code: name for code, (name, _) in codec.STORED.items()}


def test_an_older_file_gets_the_steps_that_it_lacks(connection, monkeypatch):
    migrate(connection)
    monkeypatch.setattr(schema, "STEPS", [*schema.STEPS, "create table newer (id integer)", "create table newest (id)"])

    assert migrate(connection) == 2
    assert {"newer", "newest", "event"} <= tables_of(connection)


def test_a_step_that_fails_leaves_the_file_as_it_was(connection, monkeypatch):
    migrate(connection)
    version = connection.execute("pragma user_version").fetchone()
    monkeypatch.setattr(schema, "STEPS", [*schema.STEPS, "create table newer (id integer); create nonsense"])

    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        migrate(connection)

    assert "newer" not in tables_of(connection)
    assert connection.execute("pragma user_version").fetchone() == version


def test_a_file_of_a_newer_couvert_is_refused_and_left_alone(directory, clock):
    directory.mkdir()
    with closing(sqlite3.connect(directory / FILE)) as newer:
        newer.execute(f"pragma user_version = {len(schema.STEPS) + 1}")
    before = (directory / FILE).read_bytes()

    with pytest.raises(TooNew, match="install a newer couvert"):
        SqliteStore(directory, clock)

    with closing(sqlite3.connect(directory / FILE)) as newer:
        assert tables_of(newer) == set()
    assert len((directory / FILE).read_bytes()) == len(before)


def test_what_is_no_database_is_refused(directory, clock):
    directory.mkdir()
    (directory / FILE).write_bytes(b"Dear diary, " * 1_000)

    with pytest.raises(sqlite3.DatabaseError):
        SqliteStore(directory, clock)

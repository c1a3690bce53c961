"""The schema: made on a first start, brought up to date on a later one, and never touched if it is from the future."""

import sqlite3
from contextlib import closing

import pytest

from couvert.store import codec
from couvert.store.sqlite import schema
from couvert.store.sqlite.connections import open_writer
from couvert.store.sqlite.migration import OtherSchema, migrate
from couvert.store.sqlite.store import FILE, SqliteStore
from tests.store.unreleased import OTHERS, make_unreleased


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

    with pytest.raises(OtherSchema, match="install a newer couvert"):
        SqliteStore(directory, clock)

    with closing(sqlite3.connect(directory / FILE)) as newer:
        assert tables_of(newer) == set()
    assert len((directory / FILE).read_bytes()) == len(before)


def test_data_of_an_unreleased_couvert_is_refused_and_left_alone(directory, clock):
    make_unreleased(directory)
    with closing(sqlite3.connect(directory / FILE)) as connection:
        before = connection.execute("select * from sqlite_schema").fetchall()

    with pytest.raises(OtherSchema, match=rf"\({OTHERS}\), which cannot be migrated: take an empty directory"):
        SqliteStore(directory, clock)

    with closing(sqlite3.connect(directory / FILE)) as connection:
        assert connection.execute("select * from sqlite_schema").fetchall() == before


def test_a_table_of_somebody_elses_does_no_harm(connection):
    migrate(connection)
    connection.execute("create table own (id integer)")
    connection.execute("create index own_delivery on delivery (mail_id)")

    assert migrate(connection) == 0


def test_what_a_later_step_changed_is_what_is_expected(connection, monkeypatch):
    migrate(connection)
    monkeypatch.setattr(schema, "STEPS", [*schema.STEPS, "alter table note add column language text"])
    migrate(connection)

    assert migrate(connection) == 0


def test_what_is_no_database_is_refused(directory, clock):
    directory.mkdir()
    (directory / FILE).write_bytes(b"Dear diary, " * 1_000)

    with pytest.raises(sqlite3.DatabaseError):
        SqliteStore(directory, clock)

"""The file `webhooks.db`: which messages are due to which webhook, and every attempt to tell them.

It is not a read model: attempts cannot be made again from the log. Nor is it synced at every commit: what a machine
that loses power forgets is the newest end of it, checkpoint and all, and is told again under the same message ids.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from couvert.readmodels.connections import transaction

FILE: Final = "webhooks.db"
BUSY_SECONDS: Final = 5
_VERSION: Final = 1
_TABLES: Final = """
create table checkpoint (
    only     integer primary key check (only = 1),
    position integer not null,
    stream   integer not null,
    at       integer not null
) strict;
-- A position below 0 is no event's: a trial, and when it was asked for.
create table message (
    webhook    integer not null,
    position   integer not null,
    tenant     integer not null,
    created_at integer not null,
    state      integer not null,
    attempts   integer not null,
    tries      integer not null,
    due_at     integer,
    give_up_at integer not null,
    primary key (webhook, position)
) strict, without rowid;
create index message_due on message (webhook, due_at, created_at) where due_at is not null;
create index message_failed on message (webhook, created_at) where state = 2;
create index message_dropped on message (webhook, created_at) where state = 3;
create index message_ended on message (created_at) where due_at is null;
create table attempt (
    id           integer primary key autoincrement,
    tenant       integer not null,
    webhook      integer not null,
    position     integer not null,
    number       integer not null,
    at           integer not null,
    milliseconds integer not null,
    status       integer,
    error        text,
    excerpt      text
) strict;
create index attempt_webhook on attempt (webhook, id);
"""


def open_box(directory: Path) -> sqlite3.Connection:
    """Open the file, creating it if it is not there. For one thread at a time."""
    connection = sqlite3.connect(directory / FILE, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    if _version(connection) != _VERSION:
        with transaction(connection):
            if _version(connection) != _VERSION:  # nobody else was faster
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
                connection.execute(f"pragma user_version = {_VERSION}")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])

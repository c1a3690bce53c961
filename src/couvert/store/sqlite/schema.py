"""The tables of log, state and vault, as numbered steps that a start applies in order."""

from __future__ import annotations

import sqlite3
from typing import Final

from couvert.store import codec

PAGE_SIZE: Final = 8192

_FIRST: Final = """
-- Log. One index, on integers in time order: a random key would cost five times as much per event at a million rows.
create table event_type (code integer primary key, name text not null unique) strict;
create table event (
    position integer primary key,
    tenant   integer not null,
    stream   integer not null,
    part     integer not null,
    type     integer not null,
    at       integer not null,
    payload  text    not null
) strict;
create index event_stream on event (stream, part);
-- For notices that name a message as the provider does: 1.3 us and 80 bytes for each that was taken.
create index event_provider on event (payload ->> 'provider_id') where type = 5;

-- State.
create table delivery (
    id         integer primary key,
    tenant     integer not null,
    mail_id    integer not null,
    state      integer not null,
    attempt    integer not null,
    is_begun   integer not null,
    deferrals  integer not null,
    is_resent  integer not null,
    due_at     integer,
    expires_at integer,
    give_up_at integer not null,
    priority   integer not null,
    poster     integer not null,
    revision   integer not null,
    wake_at    integer,
    owner      integer not null
) strict;
create index delivery_wake on delivery (priority, poster, wake_at) where wake_at is not null;
-- Who has deliveries that will want a worker, and when to look for them: never later than the first one does.
create table queue (
    priority  integer not null,
    poster    integer not null,
    tenant    integer not null,
    wake_at   integer not null,
    served_at integer not null,
    primary key (priority, poster)
) strict, without rowid;
create index queue_wake on queue (wake_at);
create index delivery_expiry on delivery (expires_at) where expires_at is not null and due_at is not null;

create table api_key (
    id         integer primary key,
    tenant     integer not null,
    key_id     text    not null unique,
    hash       blob    not null unique,
    name       text    not null,
    is_active  integer not null,
    created_at integer not null,
    expires_at integer,
    origins    text    not null,
    restrictions text  not null,
    senders    text    not null,
    revision   integer not null
) strict;
create table api_key_origin (name text not null, key integer not null, primary key (name, key)) strict, without rowid;
create index api_key_origin_key on api_key_origin (key);
-- Of keys with a daily quota; a day is one since 1970, UTC. The oldest days come first, since they go first.
create table key_usage (
    key        integer not null,
    day        integer not null,
    recipients integer not null,
    primary key (day, key)
) strict, without rowid;

create table user (
    id            integer primary key,
    tenant        integer not null,
    user_id       text    not null unique,
    email         text    not null collate nocase,
    first_name    text    not null,
    last_name     text    not null,
    role          text    not null,
    is_active     integer not null,
    registered_at integer not null,
    password_hash text,
    revision      integer not null,
    -- How often the user may call /v2, if it is not as often as everybody.
    rate_limit          integer,
    rate_period_seconds integer
) strict;
create unique index user_email on user (email) where is_active;

create table token (
    id           integer primary key,
    tenant       integer not null,
    token_id     text    not null unique,
    user         integer not null,
    hash         blob    not null unique,
    description  text    not null,
    roles        text    not null,
    created_at   integer not null,
    expires_at   integer,
    is_revoked   integer not null,
    revision     integer not null,
    last_used_at integer
) strict;
create index token_user on token (user) where not is_revoked;

-- Who is told of events; what is due to be told stands in a file of its own.
create table webhook (
    id                 integer primary key,
    tenant             integer not null,
    webhook_id         text    not null unique,
    created_at         integer not null,
    is_deleted         integer not null,
    off_reason         text,
    is_active          integer not null,
    includes_recipient integer not null,
    types              text    not null,
    url                text    not null,
    description        text    not null,
    tags               text    not null,
    project_id         text,
    secret             text    not null,
    former_secret      text,
    former_until       integer,
    revision           integer not null
) strict;

create table setup_code (
    user       integer primary key,
    tenant     integer not null,
    hash       blob    not null unique,
    expires_at integer not null
) strict;
create table session (
    hash       blob    primary key,
    tenant     integer not null,
    user       integer not null,
    expires_at integer not null
) strict, without rowid;
create index session_user on session (user);

-- The address is personal, and in no event: an ended suppression has neither it nor the mark made of it.
create table suppression (
    id         integer primary key,
    tenant     integer not null,
    mark       blob    unique,
    address    text    not null,
    reason     text    not null,
    delivery   integer,
    user       integer,
    created_at integer not null,
    expires_at integer,
    is_active  integer not null,
    revision   integer not null
) strict;
create index suppression_end on suppression (expires_at) where is_active and expires_at is not null;
create table soft_bounce (
    mark     blob    primary key,
    tenant   integer not null,
    in_a_row integer not null
) strict, without rowid;

create table idempotency (
    scope      blob    primary key,
    tenant     integer not null,
    request    blob    not null,
    mail_id    integer not null,
    position   integer not null,
    created_at integer not null,
    answer     blob
) strict, without rowid;
create index idempotency_created_at on idempotency (created_at);

-- What /v2 says of itself: as it is served, and as it was at the end of each day that changed it.
create table specification (
    only     integer primary key check (only = 1),
    day      text    not null,
    deflated blob    not null,
    revision integer not null
) strict;
create table changelog (
    day         text    primary key,
    recorded_at integer not null,
    after       text    not null,
    title       text    not null,
    differences text    not null,
    deflated    blob    not null
) strict, without rowid;

-- Vault: everything personal or large; the log only refers to it.
create table content (
    mail_id       integer primary key,
    tenant        integer not null,
    sender_email  text    not null,
    sender_name   text,
    organisation  text,
    subject       text    not null,
    reply_to      text,
    html          blob,
    text          blob,
    variables     text,
    email_id      text,
    client_env_id text,
    project_id    text,
    closure_id    text,
    queued_at     text,
    tags          text,
    headers       text,
    attachments   integer not null
) strict;
create table attachment (
    mail_id      integer not null,
    n            integer not null,
    tenant       integer not null,
    filename     text    not null,
    content_type text    not null,
    content_id   text,
    size         integer not null,
    sha256       blob    not null,
    primary key (mail_id, n)
) strict, without rowid;
create table body (sha256 blob primary key, tenant integer not null, deflated blob not null) strict;
create table recipient (
    delivery_id        integer primary key,
    tenant             integer not null,
    email              text    not null,
    name               text,
    company            text,
    email_recipient_id text,
    variables          text
) strict;
create table note (position integer primary key, tenant integer not null, words text not null) strict;
-- When hand-overs may happen, in microseconds since 1970; of the provider's making, so the log does not know it.
create table pace (
    account    text primary key,
    tenant     integer not null,
    per_second real    not null,
    left_over  integer,
    next_at    integer not null,
    share      real    not null,
    slowed_at  integer not null,
    reserved_at integer not null,
    learned_at integer not null,
    trouble    text,
    held       text
) strict;
-- Slots by the hour since 1970, of accounts that have a quota for 24 hours; those of the last two days.
create table pace_use (
    account text    not null,
    hour    integer not null,
    tenant  integer not null,
    slots   integer not null,
    primary key (account, hour)
) strict, without rowid;
-- A provider's notices as they came, by the digest of what they say; to be read while look_at is set.
create table notice (
    id          integer primary key,
    tenant      integer not null,
    source      text    not null,
    received_at integer not null,
    sha256      blob    not null unique,
    deflated    blob    not null,
    look_at     integer,
    read_at     integer,
    result      text    not null,
    detail      text
) strict;
create index notice_due on notice (look_at) where look_at is not null;
create index notice_standing on notice (result, source, received_at);
-- Messages of the queue that no mail could be made of; the body is null once the dead-letter queue has it.
create table malformed_message (
    message_id  text    primary key,
    tenant      integer not null,
    received_at integer not null,
    deflated    blob,
    fault       text    not null,
    email_id           text,
    email_recipient_id text,
    recipient          text,
    queued_at          text
) strict;
create index malformed_message_kept on malformed_message (received_at) where deflated is not null;
-- Results that no event asks for: of malformed messages, and once more of messages that came again.
create table result_due (
    id          integer primary key autoincrement,
    tenant      integer not null,
    delivery_id integer,
    message_id  text
) strict;
create index result_due_message on result_due (message_id) where message_id is not null;
-- Up to where the results that the log tells of are told.
create table results_mark (
    only     integer primary key check (only = 1),
    tenant   integer not null,
    position integer not null
) strict;
create table sandbox_mail (
    delivery_id integer not null,
    attempt     integer not null,
    tenant      integer not null,
    at          integer not null,
    deflated    blob    not null,
    primary key (delivery_id, attempt)
) strict, without rowid;

-- The read models' file, so that a rebuilt one takes over in a transaction.
create table read_models (only integer primary key check (only = 1), file text not null) strict;
insert into read_models values (1, 'readmodels-1.db');
-- With this key the read models' index of the vault hides what it is made of.
create table mark_key (only integer primary key check (only = 1), key blob not null) strict;
insert into mark_key values (1, randomblob(32));
"""

STEPS: Final = [_FIRST]
"""A step is never changed once released; a new one is added at the end."""


class TooNew(Exception):
    """The data was written by a newer couvert."""


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the file to today's schema, all steps in one transaction; return how many were applied."""
    connection.execute("begin immediate")
    try:
        version = int(connection.execute("pragma user_version").fetchone()[0])
        if version > len(STEPS):
            raise TooNew(f"the data has schema {version}, this couvert knows {len(STEPS)}: install a newer couvert")
        for step in STEPS[version:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.executemany(
            "insert into event_type values (?, ?) on conflict (code) do update set name = excluded.name "
            "where name <> excluded.name",
            [(code, name) for code, (name, _) in codec.STORED.items()],
        )
        connection.execute(f"pragma user_version = {len(STEPS)}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # a disk that is full has rolled it back already
            connection.execute("rollback")
        raise
    return len(STEPS) - version


def _statements(step: str) -> list[str]:
    """`executescript` would commit first; the steps hold no semicolon but the ones that end a statement."""
    lines = [line for line in step.splitlines() if not line.lstrip().startswith("--")]
    return [statement for statement in "\n".join(lines).split(";") if statement.strip()]

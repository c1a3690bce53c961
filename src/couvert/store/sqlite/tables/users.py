"""Users, and what they sign in with."""

from __future__ import annotations

from typing import Final

USERS: Final = """
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
"""

"""API keys, whom they may be used by, and what was sent with them in a day."""

from __future__ import annotations

from typing import Final

API_KEYS: Final = """
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
"""

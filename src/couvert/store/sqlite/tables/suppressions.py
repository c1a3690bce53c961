"""Addresses that get nothing, and those that bounced softly so far."""

from __future__ import annotations

from typing import Final

SUPPRESSIONS: Final = """
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
"""

"""The pace of each provider account; of the provider's making, so the log does not know it."""

from __future__ import annotations

from typing import Final

PACE: Final = """
-- When hand-overs may happen, in microseconds since 1970.
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
"""

"""What /v2 says of itself: as it is served, and as it was at the end of each day that changed it."""

from __future__ import annotations

from typing import Final

SPECIFICATION: Final = """
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
"""

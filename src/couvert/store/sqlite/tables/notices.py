"""Providers' notices as they came."""

from __future__ import annotations

from typing import Final

NOTICES: Final = """
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
"""

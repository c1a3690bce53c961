"""The log: every event, in the order in which they were committed."""

from __future__ import annotations

from typing import Final

LOG: Final = """
-- One index, on integers in time order: a random key would cost five times as much per event at a million rows.
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
"""

"""Webhooks: who is told of events; what is due to be told stands in a file of its own."""

from __future__ import annotations

from typing import Final

WEBHOOKS: Final = """
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
"""

"""Deliveries: how far each is, and whose turn is next."""

from __future__ import annotations

from typing import Final

DELIVERIES: Final = """
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
"""

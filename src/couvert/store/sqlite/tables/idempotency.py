"""Answers that are kept for who asks again."""

from __future__ import annotations

from typing import Final

IDEMPOTENCY: Final = """
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
"""

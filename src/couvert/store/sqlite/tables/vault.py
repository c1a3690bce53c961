"""The vault: everything personal or large; the log only refers to it."""

from __future__ import annotations

from typing import Final

VAULT: Final = """
create table content (
    mail_id       integer primary key,
    tenant        integer not null,
    sender_email  text    not null,
    sender_name   text,
    organisation  text,
    subject       text    not null,
    reply_to      text,
    html          blob,
    text          blob,
    variables     text,
    email_id      text,
    client_env_id text,
    project_id    text,
    closure_id    text,
    queued_at     text,
    tags          text,
    headers       text,
    attachments   integer not null
) strict;
create table attachment (
    mail_id      integer not null,
    n            integer not null,
    tenant       integer not null,
    filename     text    not null,
    content_type text    not null,
    content_id   text,
    size         integer not null,
    sha256       blob    not null,
    primary key (mail_id, n)
) strict, without rowid;
create table body (sha256 blob primary key, tenant integer not null, deflated blob not null) strict;
create table recipient (
    delivery_id        integer primary key,
    tenant             integer not null,
    email              text    not null,
    name               text,
    company            text,
    email_recipient_id text,
    variables          text
) strict;
create table note (position integer primary key, tenant integer not null, words text not null) strict;
create table sandbox_mail (
    delivery_id integer not null,
    attempt     integer not null,
    tenant      integer not null,
    at          integer not null,
    deflated    blob    not null,
    primary key (delivery_id, attempt)
) strict, without rowid;
"""

"""The bulk queue: messages that are no mails, and results that are still to be told."""

from __future__ import annotations

from typing import Final

BULK_QUEUE: Final = """
-- Messages of the queue that no mail could be made of; the body is null once the dead-letter queue has it.
create table malformed_message (
    message_id  text    primary key,
    tenant      integer not null,
    received_at integer not null,
    deflated    blob,
    fault       text    not null,
    email_id           text,
    email_recipient_id text,
    recipient          text,
    queued_at          text
) strict;
create index malformed_message_kept on malformed_message (received_at) where deflated is not null;
-- Results that no event asks for: of malformed messages, and once more of messages that came again.
create table result_due (
    id          integer primary key autoincrement,
    tenant      integer not null,
    delivery_id integer,
    message_id  text
) strict;
create index result_due_message on result_due (message_id) where message_id is not null;
-- Up to where the results that the log tells of are told.
create table results_mark (
    only     integer primary key check (only = 1),
    tenant   integer not null,
    position integer not null
) strict;
"""

"""The tables of the projection "mails", and the order of their columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from couvert.domain.delivery import Delivery, State
from couvert.domain.mail import MailAccepted
from couvert.readmodels.fetch import fetch, listed
from couvert.readmodels.folds import Counts, FollowedDelivery, FollowedMail
from couvert.store.sqlite.rows import STATE_CODES, STATES, TENANT, Row
from couvert.store.sqlite.statements import Table, replacing

_MAIL_SCHEMA: Final = """
create table mail (
    mail_id         integer primary key,
    tenant          integer not null,
    accepted_at     integer not null,
    key_id          integer,
    user_id         integer,
    recipient_count integer not null,
    priority        integer not null,
    due_at          integer not null,
    give_up_at      integer not null,
    expires_at      integer,
    -- The rest changes; the ten counts always add up to recipient_count.
    queued     integer not null,
    unknown    integer not null,
    sent       integer not null,
    delivered  integer not null,
    bounced    integer not null,
    complained integer not null,
    failed     integer not null,
    suppressed integer not null,
    cancelled  integer not null,
    expired    integer not null,
    status     text    not null,
    position   integer not null
) strict
"""
_DELIVERY_SCHEMA: Final = """
-- A delivery that had no event of its own has no row: it is as its mail was accepted, queued since and due then. So a
-- mail to ten thousand is one row until they are sent. Recipient n of a mail has the id mail_id + n.
create table delivery (
    id                  integer primary key,
    tenant              integer not null,
    mail_id             integer not null,
    state               integer not null,
    attempt             integer not null,
    is_begun            integer not null,
    deferrals           integer not null,
    is_resent           integer not null,
    due_at              integer,
    give_up_at          integer not null,
    queued_at           integer not null,
    sent_at             integer,
    provider_message_id text,
    error_position      integer,
    releases            integer not null,
    position            integer not null
) strict
"""
_INDEXES: Final = (
    "create index mail_status on mail (status, mail_id)",
    # A mail stands in the index of each state that one of its deliveries is in.
    *(f"create index mail_{state} on mail (mail_id) where {state} > 0" for state in STATE_CODES),
)
_TOTAL_SCHEMA: Final = (
    "create table total (state integer primary key, deliveries integer not null) strict",
    f"insert into total values {', '.join(f'({code}, 0)' for code in STATE_CODES.values())}",
)
SCHEMA: Final = (_MAIL_SCHEMA, _DELIVERY_SCHEMA, *_INDEXES, *_TOTAL_SCHEMA)

MAIL: Final = Table("mail", 22, replacing(
    "mail_id", "queued", "unknown", "sent", "delivered", "bounced", "complained", "failed", "suppressed", "cancelled",
    "expired", "status", "position",
))  # fmt: skip
DELIVERY: Final = Table("delivery", 16, replacing(
    "id", "state", "attempt", "is_begun", "deferrals", "is_resent", "due_at", "give_up_at", "queued_at", "sent_at",
    "provider_message_id", "error_position", "releases", "position",
))  # fmt: skip

_MAILS: Final = """
select json_group_array(json_array(
    mail_id, accepted_at, position, recipient_count, priority, due_at, give_up_at, expires_at, key_id, user_id,
    queued, unknown, sent, delivered, bounced, complained, failed, suppressed, cancelled, expired
)) from mail where mail_id in (select value from json_each(?))
"""
_DELIVERIES: Final = """
select json_group_array(json_array(
    id, mail_id, state, attempt, is_begun, deferrals, is_resent, due_at, give_up_at,
    queued_at, sent_at, provider_message_id, error_position, releases, position
)) from delivery where id in (select value from json_each(?))
"""
_TOTALS: Final = "select state, deliveries from total"
_SHIFT: Final = "update total set deliveries = deliveries + ? where state = ?"


def totals(connection: sqlite3.Connection) -> Counts:
    """Of all mails; ten rows, however many there are."""
    return {STATES[code]: count for code, count in connection.execute(_TOTALS).fetchall()}


def shift_totals(connection: sqlite3.Connection, shifts: Mapping[State, int]) -> None:
    """So many more deliveries, or fewer, are in each of these states."""
    for state, shift in shifts.items():
        if shift:
            connection.execute(_SHIFT, (shift, STATE_CODES[state]))


def mails_by_id(connection: sqlite3.Connection, ids: Collection[int]) -> dict[int, FollowedMail]:
    """Those of them that are there."""
    found = fetch(connection, _MAILS, listed(ids)) if ids else ()
    return {row[0]: _mail(row) for row in found}


def deliveries_by_id(
    connection: sqlite3.Connection, ids: Collection[int], mails: Mapping[int, FollowedMail]
) -> dict[int, FollowedDelivery]:
    """Those of them that have a row; what a mail's deliveries have in common is taken from `mails`."""
    found = fetch(connection, _DELIVERIES, listed(ids)) if ids else ()
    return {row[0]: _delivery(row, mails[row[1]]) for row in found}


def mail_row(mail: FollowedMail) -> Row:
    accepted = mail.accepted
    return (
        mail.mail_id, TENANT, mail.accepted_at, accepted.key_id, accepted.user_id, accepted.count,
        accepted.priority, accepted.due_at, accepted.give_up_at, accepted.expires_at,
        *map(mail.counts.__getitem__, STATE_CODES), mail.status, mail.position,
    )  # fmt: skip


def delivery_row(followed: FollowedDelivery) -> Row:
    id_, mail_id, state, attempt, is_begun, deferrals, is_resent, due_at, _, give_up_at, *_ = followed.delivery
    return (
        id_, TENANT, mail_id, STATE_CODES[state], attempt, is_begun, deferrals, is_resent, due_at, give_up_at,
        *followed[1:],
    )  # fmt: skip


def _mail(row: Sequence[Any]) -> FollowedMail:
    mail_id, accepted_at, position, count, priority, due_at, give_up_at, expires_at, key_id, user_id, *counts = row
    accepted = MailAccepted(count, priority, due_at, give_up_at, expires_at, key_id, user_id)
    return FollowedMail(mail_id, accepted, accepted_at, dict(zip(STATE_CODES, counts, strict=True)), position)


def _delivery(row: Sequence[Any], mail: FollowedMail) -> FollowedDelivery:
    id_, mail_id, state, attempt, is_begun, deferrals, is_resent, due_at, give_up_at, *told = row
    accepted = mail.accepted
    delivery = Delivery(
        id_, mail_id, STATES[state], attempt, bool(is_begun), deferrals, bool(is_resent), due_at, accepted.expires_at,
        give_up_at, accepted.priority, accepted.poster,
    )  # fmt: skip
    return FollowedDelivery(delivery, *told)

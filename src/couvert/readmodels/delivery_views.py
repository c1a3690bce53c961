"""Deliveries as one reads them: what happened from the read models, names and words from the vault."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from couvert.domain.mail import Recipient
from couvert.readmodels import mail_tables
from couvert.readmodels.connections import snapshot
from couvert.readmodels.cursors import cursor_at, place_of
from couvert.readmodels.event_views import Subject, timeline
from couvert.readmodels.fetch import fetch, listed
from couvert.readmodels.folds import FollowedDelivery, FollowedMail, born_delivery
from couvert.readmodels.model_schema import checkpoint
from couvert.readmodels.pages import Part, Wanted
from couvert.readmodels.read import ReadModels
from couvert.readmodels.views import DeliveryView, EventView

_RECIPIENTS: Final = """
select json_group_array(json_array(delivery_id, email, name, company, email_recipient_id, variables))
from recipient where delivery_id in (select value from json_each(?))
"""
_WORDS: Final = """
select json_group_array(json_array(position, words)) from note where position in (select value from json_each(?))
"""
# Ids of deliveries follow their mail's, so this is the mail, unless it ended before.
_MAIL_OF: Final = "select mail_id from mail where mail_id < ? order by mail_id desc limit 1"


def deliveries(files: ReadModels, mail_id: int, page: Wanted) -> Part[DeliveryView] | None:
    """In the order of the mail's recipients; None if there is no such mail. Raises `BadCursor`."""
    name = f"deliveries of {mail_id}"
    skip = place_of(page.cursor, name) if page.cursor else page.skip
    models = files.models()
    with snapshot(models):
        mail = mail_tables.mails_by_id(models, [mail_id]).get(mail_id)
        if mail is None:
            return None
        end = min(skip + page.limit, mail.accepted.count)
        followed = _followed(models, mail, range(skip + 1, end + 1))
    more = cursor_at(end, name) if end < mail.accepted.count else None
    return Part(_views(files.database, followed), more, mail.accepted.count)


def delivery(files: ReadModels, delivery_id: int) -> tuple[DeliveryView, list[EventView]] | None:
    """With its timeline, which ends where the read models have got to: the two tell the same story."""
    models = files.models()
    with snapshot(models):
        mail = _mail_of(models, delivery_id)
        if mail is None:
            return None
        reached = checkpoint(models).position
        followed = _followed(models, mail, [delivery_id - mail.mail_id])
    events = timeline(files.database, mail.mail_id, delivery_id - mail.mail_id, up_to=reached)
    return _views(files.database, followed)[0], events


def subject_of(files: ReadModels, delivery_id: int) -> Subject | None:
    """What its events stand under in the log."""
    mail = _mail_of(files.models(), delivery_id)
    return Subject(mail.mail_id, delivery_id - mail.mail_id) if mail else None


def _mail_of(models: sqlite3.Connection, delivery_id: int) -> FollowedMail | None:
    for (mail_id,) in models.execute(_MAIL_OF, (delivery_id,)).fetchall():
        mail = mail_tables.mails_by_id(models, [mail_id])[mail_id]
        if delivery_id <= mail_id + mail.accepted.count:
            return mail
    return None


def _followed(models: sqlite3.Connection, mail: FollowedMail, numbers: Sequence[int]) -> list[FollowedDelivery]:
    known = mail_tables.deliveries_by_id(models, [mail.mail_id + n for n in numbers], {mail.mail_id: mail})
    return [known.get(mail.mail_id + n) or born_delivery(mail, n) for n in numbers]


def _views(database: sqlite3.Connection, followed: Sequence[FollowedDelivery]) -> list[DeliveryView]:
    recipients = _recipients(database, [each.delivery.id for each in followed])
    told = [each.error_position for each in followed if each.error_position is not None]
    words = dict(fetch(database, _WORDS, listed(told))) if told else {}
    return [
        DeliveryView(
            delivery_id=each.delivery.id,
            mail_id=each.delivery.mail_id,
            recipient=recipients.get(each.delivery.id),
            state=each.delivery.state,
            attempts=each.attempts,
            last_error=words.get(each.error_position),
            provider_message_id=each.provider_message_id,
            queued_at=each.queued_at,
            next_attempt_at=each.delivery.due_at,
            sent_at=each.sent_at,
        )
        for each in followed
    ]


def _recipients(database: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Recipient]:
    rows = fetch(database, _RECIPIENTS, listed(ids)) if ids else ()
    return {
        id_: Recipient(email, name, company, own_id, variables and msgspec.json.decode(variables))
        for id_, email, name, company, own_id, variables in rows
    }

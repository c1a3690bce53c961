"""The projection "mails": each mail with its counts per state, and each delivery that something happened to."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import structlog

from couvert.domain.delivery import State
from couvert.domain.mail import MailAccepted
from couvert.readmodels import mail_tables
from couvert.readmodels.folds import (
    FollowedDelivery,
    FollowedMail,
    Heard,
    accepted_mail,
    born_delivery,
    counted,
    followed,
    is_delivery_event,
)
from couvert.store.log import LoggedEvent
from couvert.store.sqlite.statements import insert

Histories = dict[int, dict[int, list[Heard]]]
"""Mail id -> recipient's number -> what happened to this delivery, oldest first."""

log = structlog.get_logger()


class Mails:
    name = "mails"
    version = 4
    schema: Sequence[str] = mail_tables.SCHEMA

    def project(self, connection: sqlite3.Connection, events: Sequence[LoggedEvent]) -> None:
        """Each row is read once, folded over the whole batch and written once."""
        batch = sort_out(events)
        mails = batch.accepted | mail_tables.mails_by_id(connection, batch.histories.keys() - batch.accepted.keys())
        known = mail_tables.deliveries_by_id(connection, _may_have_rows(batch), mails)
        changed: list[FollowedDelivery] = []
        shifts = Counter({State.QUEUED: sum(mail.accepted.count for mail in batch.accepted.values())})
        for mail_id, histories in batch.histories.items():
            if mail_id in mails:
                moves = _moves(mails[mail_id], histories, known)
                mails[mail_id] = counted(mails[mail_id], moves)
                changed += [after for _, after in moves]
                shifts.update(after.delivery.state for _, after in moves)
                shifts.subtract(before.delivery.state for before, _ in moves)
            else:
                log.error("event.of_no_mail", mail=mail_id, recipients=list(histories))
        insert(connection, mail_tables.MAIL, [mail_tables.mail_row(mail) for mail in mails.values()])
        insert(connection, mail_tables.DELIVERY, [mail_tables.delivery_row(followed) for followed in changed])
        mail_tables.shift_totals(connection, shifts)


class Batch(NamedTuple):
    """A batch of events by what they are about; those about anything else are left out."""

    accepted: dict[int, FollowedMail]
    histories: Histories


def sort_out(events: Iterable[LoggedEvent]) -> Batch:
    batch = Batch({}, {})
    for position, stream, part, at, event in events:
        if is_delivery_event(event):
            batch.histories.setdefault(stream, {}).setdefault(part, []).append((position, at, event))
        elif isinstance(event, MailAccepted):
            batch.accepted[stream] = accepted_mail(stream, event, at=at, position=position)
    return batch


def _may_have_rows(batch: Batch) -> list[int]:
    """A delivery whose mail was accepted in this very batch has none, and need not be looked for."""
    older = batch.histories.keys() - batch.accepted.keys()
    return [mail_id + n for mail_id in older for n in batch.histories[mail_id]]


def _moves(
    mail: FollowedMail, histories: Mapping[int, list[Heard]], known: Mapping[int, FollowedDelivery]
) -> list[tuple[FollowedDelivery, FollowedDelivery]]:
    """Each delivery as it was, and as its events leave it."""
    before = {n: known.get(mail.mail_id + n) or born_delivery(mail, n) for n in histories}
    return [(before[n], followed(before[n], history)) for n, history in histories.items()]

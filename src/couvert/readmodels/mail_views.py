"""Mails as one reads them: counts from the read models, words from the vault."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from couvert.domain.ids import created_at
from couvert.domain.mail import References, Sender
from couvert.readmodels import mail_tables
from couvert.readmodels.connections import snapshot
from couvert.readmodels.cursors import cursor_at, place_of
from couvert.readmodels.fetch import fetch, listed
from couvert.readmodels.folds import FollowedMail
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.mail_search import Search
from couvert.readmodels.marks import Marker
from couvert.readmodels.pages import Part, Wanted
from couvert.readmodels.read import ReadModels
from couvert.readmodels.views import MailView

_CONTENTS: Final = """
select json_group_array(json_array(
    mail_id, subject, tags, sender_email, sender_name, organisation, email_id, client_env_id, project_id, closure_id
)) from content where mail_id in (select value from json_each(?))
"""


def mails(files: ReadModels, wanted: MailFilter, page: Wanted, marker: Marker) -> Part[MailView]:
    """Newest first. Raises `BadCursor`."""
    below = place_of(page.cursor, wanted.name) if page.cursor else None
    models = files.models()
    with snapshot(models):
        search = Search(models, wanted, marker)
        ids = search.ids(below=below, limit=page.limit + 1, skip=0 if page.cursor else page.skip)
        total = search.total()
        shown = ids[: page.limit]
        found = mail_tables.mails_by_id(models, shown)
    more = cursor_at(shown[-1], wanted.name) if len(ids) > page.limit else None
    return Part(_views(files.database, [found[mail_id] for mail_id in shown]), more, total)


def mail(files: ReadModels, mail_id: int) -> MailView | None:
    followed = files.mail(mail_id)
    return None if followed is None else _views(files.database, [followed])[0]


def _views(database: sqlite3.Connection, followed: Sequence[FollowedMail]) -> list[MailView]:
    contents = _contents(database, [mail.mail_id for mail in followed])
    return [_view(mail, contents.get(mail.mail_id)) for mail in followed]


def _contents(database: sqlite3.Connection, ids: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    rows: Iterable[Any] = fetch(database, _CONTENTS, listed(ids)) if ids else ()
    return {row[0]: row[1:] for row in rows}


def _view(mail: FollowedMail, content: Sequence[Any] | None) -> MailView:
    subject, tags, email, name, organisation, *references = content or [None] * 9
    accepted = mail.accepted
    return MailView(
        mail_id=mail.mail_id,
        status=mail.status,
        recipient_count=accepted.count,
        counts=mail.counts,
        created_at=created_at(mail.mail_id),
        scheduled_at=accepted.due_at if accepted.due_at > mail.accepted_at else None,
        expires_at=accepted.expires_at,
        subject=subject,
        sender=Sender(email, name, organisation) if email else None,
        tags=tuple(msgspec.json.decode(tags)) if tags else (),
        references=References(*references),
    )

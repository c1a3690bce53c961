"""Reading the log: pages of events by cursor, and the stream of those that happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked, Page
from couvert.api.v2.call import Call
from couvert.api.v2.event_answers import EventListAnswer, event_answer
from couvert.api.v2.event_query import EventsQuery, StreamQuery, last_seen
from couvert.api.v2.event_stream import MEDIA_TYPE, EventStream, Tap
from couvert.api.v2.headers import wishes
from couvert.api.v2.pages import check_reach, wanted_of
from couvert.commands.callers import Caller
from couvert.domain import ids
from couvert.domain.refusals import NotFound
from couvert.readmodels.cursors import cursor_at, place_of
from couvert.readmodels.event_views import TYPES, Subject

_PRIVATE: Final = ("user.", "token.")
"""Kinds of events that are nobody's but an admin's to see: who is who, and who has which token."""


def event_read_calls(parts: Parts) -> Sequence[Call]:
    async def events(asked: Asked) -> Answer:
        query: EventsQuery = asked.query
        wanted, name = wanted_of(query), f"events {query.type} {query.subject}"
        skip = 0 if query.cursor else wanted.skip
        after = place_of(query.cursor, name) if query.cursor else query.after or 0
        subject = await _subject_of(parts, query.subject)
        found = await parts.reading.events(
            after=after, limit=skip + wanted.limit, types=_types(query.type, asked.caller), subject=subject
        )
        total = len(found.events) if found.is_end and not after else None
        check_reach(query, total)
        more = None if found.is_end else cursor_at(found.looked_up_to, name)
        page = Page(wanted.limit, query.skipped, total, len(found.events), more)
        return Answer({"events": [event_answer(event) for event in found.events[skip:]]}, page=page)

    async def stream(asked: Asked) -> Response:
        query: StreamQuery = asked.query
        subject = await _subject_of(parts, query.subject)
        end = await parts.store.position()
        after = last_seen(asked, end)
        secret = wishes(asked.request.headers).secret
        assert secret is not None
        tap = Tap(after, tuple(_types(query.type, asked.caller)), subject)
        return EventStream(parts, tap, secret, is_head=asked.request.method == "HEAD")

    return [
        Call(
            method="GET",
            path="/v2/events",
            handle=events,
            summary="Read the event log",
            description="Oldest first. A page may hold fewer events than asked for, or none, and yet not be the last.",
            tag="Events",
            query=EventsQuery,
            answer=EventListAnswer,
            list_name="events",
            refusals=("not_found", "bad_cursor"),
            example_data={"events": [EXAMPLE]},
        ),
        Call(
            method="GET",
            path="/v2/events/stream",
            handle=stream,
            summary="Follow the event log",
            description=(
                "Server-Sent Events: `id` is the event's id, `event` its type, `data` the event as JSON. It begins "
                "with what happens next or, with `Last-Event-ID`, after that event, without a gap or a double."
            ),
            tag="Events",
            query=StreamQuery,
            refusals=("not_found",),
            media_types=(MEDIA_TYPE,),
        ),
    ]


def _types(given: str | None, caller: Caller) -> Sequence[str]:
    """What to look for; nothing in particular for an admin who asks for nothing in particular."""
    wanted = given.split(",") if given else []
    if caller.is_admin:
        return wanted
    return [name for name in wanted or sorted(TYPES) if not name.startswith(_PRIVATE)] or ["none"]


async def _subject_of(parts: Parts, text: str | None) -> Subject | None:
    if text is None:
        return None
    mail_id = ids.decode("mail", text)
    if mail_id is not None and await parts.reading.mail(mail_id) is not None:
        return Subject(mail_id)
    delivery_id = ids.decode("dlv", text)
    subject = None if delivery_id is None else await parts.reading.subject_of_delivery(delivery_id)
    if subject is None:
        raise NotFound("There is no such mail or delivery; the subject of events is the id of one.")
    return subject


EXAMPLE: Final = {
    "eventId": "4711",
    "type": "delivery.sent",
    "at": "2025-01-27T10:30:00.210Z",
    "subject": "dlv_00jbyd8cjd801",
    "mailId": "mail_00jbyd8cjd800",
    "deliveryId": "dlv_00jbyd8cjd801",
    "detail": None,
    "data": {"attempt": 1, "providerId": "0000014a-f4d4-4c4b-8b7a-123456789012-000000"},
}

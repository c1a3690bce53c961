"""Reading the log: pages of events by cursor, and the stream of those that happen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked, Page
from couvert.api.v2.call import Call
from couvert.api.v2.event_answers import EventListAnswer, event_answer
from couvert.api.v2.event_stream import MEDIA_TYPE, EventStream, Tap
from couvert.api.v2.headers import wishes
from couvert.api.v2.mail_reads import check_reach, wanted_of
from couvert.api.v2.pages import CursorQuery
from couvert.api.v2.refusals import Faulty, Item
from couvert.commands.callers import Caller
from couvert.domain import ids
from couvert.domain.refusals import NotFound
from couvert.readmodels.cursors import cursor_at, place_of
from couvert.readmodels.event_views import TYPES, Subject
from couvert.store.port import Position

_LAST: Final = (1 << 63) - 1
_EVENT_ID: Final = re.compile(r"[0-9]{1,19}")
_PRIVATE: Final = ("user.", "token.")
"""Kinds of events that are nobody's but an admin's to see: who is who, and who has which token."""


def _known(text: str) -> str:
    unknown = [name for name in text.split(",") if name.strip() not in TYPES]
    if unknown:
        raise ValueError(f"there is no type {unknown[0].strip()[:60]!r}; there are {', '.join(sorted(TYPES))}")
    return ",".join(name.strip() for name in text.split(","))


EventId = Annotated[int, Field(ge=0, le=_LAST)]


class FilterQuery(BaseModel):
    type: Annotated[
        str | None, AfterValidator(_known), Field(description="Types of events, separated by commas.")
    ] = None  # fmt: skip
    subject: Annotated[
        str | None, Field(max_length=100, description="A mail's id, which takes in its deliveries, or a delivery's.")
    ] = None


class EventsQuery(FilterQuery, CursorQuery):
    after: Annotated[EventId | None, Field(description="Only events after this one.")] = None


class StreamQuery(FilterQuery):
    last_event_id: Annotated[
        EventId | None, Field(alias="lastEventId", description="As `Last-Event-ID`, for who cannot send headers.")
    ] = None


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
        after = _last_seen(asked, end)
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


def _last_seen(asked: Asked, end: Position) -> Position:
    """The header wins: a client that reconnects repeats the address it began with."""
    given = asked.request.headers.get("last-event-id", "").strip()
    if not given:
        query: StreamQuery = asked.query
        seen = end if query.last_event_id is None else query.last_event_id
    elif _EVENT_ID.fullmatch(given):
        seen = int(given)
    else:
        raise Faulty([Item("Last-Event-ID", "must be the id of an event, a number")])
    if seen > end:
        raise Faulty([Item("Last-Event-ID" if given else "lastEventId", "the log has not got so far: no such event")])
    return seen


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

"""Which events are asked for: which types, of what, and after which."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field

from couvert.api.v2.asked import Asked
from couvert.api.v2.pages import CursorQuery
from couvert.api.v2.refusals import Faulty, Item
from couvert.readmodels.event_views import TYPES
from couvert.store.log import Position

_LAST: Final = (1 << 63) - 1
_EVENT_ID: Final = re.compile(r"[0-9]{1,19}")


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


def last_seen(asked: Asked, end: Position) -> Position:
    """The header wins: a client that reconnects repeats the address it began with."""
    lines = asked.request.headers.getlist("last-event-id")
    given = lines[0].strip() if len(lines) == 1 else ", ".join(lines)
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

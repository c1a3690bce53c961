"""Events as /v2 writes them, in lists, streams and timelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypedDict

from pydantic import Field

from couvert.api.v2.times import rfc3339
from couvert.domain import ids
from couvert.readmodels.views import EventView

_PREFIXES: Final = {"mail": "mail", "delivery": "dlv", "suppression": "sup"}
"""Kind of event -> how the ids of what it is about begin; others begin with the kind's own name."""
_OF_MAILS: Final = frozenset({"mail", "delivery"})
_TOLD: Final = ("attempt", "provider_id", "cause", "kind", "by")
"""What a timeline says in words if the provider said nothing."""
_LARGEST: Final = 1 << 53


class EventAnswer(TypedDict):
    eventId: Annotated[str, Field(description="Grows in the order in which events were kept.", examples=["4711"])]
    type: Annotated[str, Field(examples=["delivery.sent"])]
    at: str
    subject: Annotated[str, Field(description="What it happened to.", examples=["dlv_0j3q5r2f4g001"])]
    mailId: str | None
    deliveryId: str | None
    detail: Annotated[str | None, Field(description="The provider's own words.")]
    data: Annotated[dict[str, Any], Field(description="What else the event holds.")]


class EventListAnswer(TypedDict):
    events: list[EventAnswer]


def event_answer(event: EventView) -> EventAnswer:
    kind = event.type.partition(".")[0]
    is_mail = kind in _OF_MAILS
    return {
        "eventId": str(event.position),
        "type": event.type,
        "at": rfc3339(event.at),
        "subject": ids.encode(_PREFIXES.get(kind, kind), event.stream + event.part),
        "mailId": ids.encode("mail", event.stream) if is_mail else None,
        "deliveryId": ids.encode("dlv", event.stream + event.part) if is_mail and event.part else None,
        "detail": event.words,
        "data": facts_of(event),
    }


def facts_of(event: EventView) -> dict[str, Any]:
    """The event's fields as the wire names and writes such things."""
    return {_camel(name): _fact(name, value) for name, value in event.facts.items()}


def detail_of(event: EventView) -> str | None:
    """`attempt 1, provider id 4Xy`, where the provider said nothing."""
    told: Mapping[str, Any] = event.facts
    sentence = ", ".join(f"{name.replace('_', ' ')} {told[name]}" for name in _TOLD if told.get(name) is not None)
    return event.words or sentence or None


def _fact(name: str, value: Any) -> Any:
    if isinstance(value, int) and name.endswith("_at"):
        return rfc3339(value)
    if isinstance(value, int) and name in _PREFIXES:
        return ids.encode(_PREFIXES[name], value)
    # JavaScript would round it.
    return str(value) if isinstance(value, int) and abs(value) > _LARGEST else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))

"""The log as one reads it: a delivery's timeline, and all events from one position on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec

from couvert.readmodels.fetch import fetch, listed
from couvert.readmodels.views import EventView
from couvert.store import codec
from couvert.store.log import Position

LOOKED_AT: Final = 20_000
"""Events a page at most, however few are of the types wanted: 10 ms. The next page goes on from there."""

# Each selects what stands in the log; the words are looked up for what is left.
_TIMELINE: Final = "event indexed by event_stream where stream = ? and part in (0, ?) and position <= ?"
_OF_MAIL: Final = "event indexed by event_stream where stream = ? and position > ?"
_OF_PART: Final = "event indexed by event_stream where stream = ? and part = ? and position > ?"
_OF_ALL: Final = "event where position > ? and position <= ?"
_OF_TYPES: Final = " and type in (select value from json_each(?))"
_ROWS: Final = """
select json_group_array(json_array(e.position, e.type, e.stream, e.part, e.at, e.payload, n.words))
from (select position, type, stream, part, at, payload from {} order by position limit ?) e
left join note n on n.position = e.position
"""
_ALL: Final = -1  # SQLite's word for no limit


@dataclass(frozen=True, slots=True)
class Subject:
    """A mail with its deliveries, a key or a user; or one delivery of a mail, by its recipient's number."""

    stream: int
    part: int | None = None


@dataclass(frozen=True, slots=True)
class EventPart:
    events: Sequence[EventView]
    looked_up_to: Position
    """Where to go on."""
    is_end: bool
    """There was nothing further in the log."""


def timeline(database: sqlite3.Connection, mail_id: int, n: int, *, up_to: Position) -> list[EventView]:
    """Of a delivery and its mail, oldest first."""
    return _views(database, _TIMELINE, (mail_id, n, up_to), _ALL)


def events(
    database: sqlite3.Connection,
    *,
    after: Position,
    limit: int,
    types: Iterable[str] = (),
    subject: Subject | None = None,
) -> EventPart:
    """Oldest first, from the log itself: nothing of it is late."""
    [(end,)] = database.execute("select coalesce(max(position), 0) from event").fetchall()
    source, values, up_to = _source(after, end, subject)
    if wanted := set(types):
        source += _OF_TYPES
        values = (*values, listed([code for code, (name, _) in codec.STORED.items() if unversioned(name) in wanted]))
    found = [event for event in _views(database, source, values, limit) if event.position <= end]
    if len(found) == limit:
        up_to = found[-1].position
    return EventPart(found, max(after, up_to), is_end=up_to >= end)


def unversioned(name: str) -> str:
    return name.rpartition(".")[0]


TYPES: Final = frozenset(unversioned(name) for name, _ in codec.STORED.values())
"""`delivery.sent` and so on."""


def _source(after: Position, end: Position, subject: Subject | None) -> tuple[str, tuple[object, ...], Position]:
    """Where to look, with its values, and how far that leads."""
    if subject is None:
        up_to = min(end, after + LOOKED_AT)
        return _OF_ALL, (after, up_to), up_to
    if subject.part is None:
        return _OF_MAIL, (subject.stream, after), end
    return _OF_PART, (subject.stream, subject.part, after), end


def _views(database: sqlite3.Connection, source: str, values: tuple[object, ...], limit: int) -> list[EventView]:
    return [
        EventView(position, unversioned(codec.name(code)), stream, part, at, _facts(code, payload), words)
        for position, code, stream, part, at, payload, words in sorted(
            fetch(database, _ROWS.format(source), *values, limit)
        )
        if code in codec.STORED
    ]


def _facts(code: int, payload: str) -> dict[str, Any]:
    try:
        return asdict(codec.decode(code, payload))
    except (LookupError, msgspec.MsgspecError):
        return {}  # for `audit` to report

"""Reads the log in pages, each in a read transaction of one statement: a reader left open lets the WAL grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from couvert.domain.mail import MailAccepted
from couvert.store import codec
from couvert.store.log import LoggedEvent, Position

PAGE: Final = 2_000
"""Events a page at most, and so a transaction: 20 ms of work, during which the follower does not look up."""
MOST_RECIPIENTS: Final = 20_000
"""That a page accepts: 50 ms of work to index them."""
END: Final = (1 << 63) - 1

# JSON as in `fetch`, and the pointer in the same snapshot: what is read under a name belongs to that name.
_PAGE: Final = """
select (select file from read_models), (
    select json_group_array(json_array(position, stream, at, part, type, payload)) from (
        select * from event where position between ? and ? order by position limit ?
    )
)
"""

log = structlog.get_logger()


class Mark(NamedTuple):
    """An event, known well enough to be recognised."""

    position: Position
    stream: int
    at: int


START: Final = Mark(0, 0, 0)


class Page(NamedTuple):
    """Some events and where they end."""

    file: str
    """The read models' file as of these events."""
    events: list[LoggedEvent]
    end: Mark
    is_same_log: bool
    """False if the log does not hold the event it is to continue from: it was restored from a copy, say."""


def read_page(connection: sqlite3.Connection, after: Mark, *, limit: int = PAGE, up_to: Position = END) -> Page:
    """The events after the mark. One that cannot be read is left out, for `audit` to report."""
    # The mark itself is read again, to be recognised.
    [(file, text)] = connection.execute(_PAGE, (after.position, up_to, limit + 1)).fetchall()
    # SQLite aggregates in the order it reads, but does not promise to.
    rows: list[Any] = sorted(msgspec.json.decode(text))
    if after != START and (not rows or Mark(*rows.pop(0)[:3]) != after):
        return Page(file, [], after, is_same_log=False)
    end = Mark(*rows[-1][:3]) if rows else after
    return _bounded(Page(file, list(_decoded(rows)), end, is_same_log=True))


def _bounded(page: Page) -> Page:
    """No more recipients than a short transaction indexes, or one mail."""
    recipients = 0
    for number, event in enumerate(page.events):
        recipients += event.event.count if isinstance(event.event, MailAccepted) else 0
        if recipients > MOST_RECIPIENTS and number:
            last = page.events[number - 1]
            return page._replace(events=page.events[:number], end=Mark(last.position, last.stream, last.at))
    return page


def _decoded(rows: Iterable[Any]) -> Iterator[LoggedEvent]:
    for position, stream, at, part, code, payload in rows:
        try:
            event = codec.decode(code, payload)
        except (LookupError, msgspec.MsgspecError) as error:
            log.warning("event.unreadable", position=position, code=code, error=str(error))
            continue
        yield LoggedEvent(position, stream, part, at, event)

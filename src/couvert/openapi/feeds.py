"""The changelog as RSS 2.0 and Atom: one item a day, with an id that never changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from feedgenerator import Atom1Feed, Rss201rev2Feed

from couvert.openapi.entries import Entry
from couvert.openapi.page.changelog import changes

RSS_PATH: Final = "/changelog/rss.xml"
ATOM_PATH: Final = "/changelog/atom.xml"
_OURS: Final = UUID("6f0c1c1e-7a3f-5c1d-9d7e-2b8a4f0e6c11")
_TITLE: Final = "couvert: what changed in the API"


def rss(entries: Sequence[Entry], base_url: str) -> bytes:
    return _written(Rss201rev2Feed, entries, base_url, RSS_PATH)


def atom(entries: Sequence[Entry], base_url: str) -> bytes:
    return _written(Atom1Feed, entries, base_url, ATOM_PATH)


def _written(kind: Any, entries: Sequence[Entry], base_url: str, path: str) -> bytes:
    page = f"{base_url}/changelog"
    feed = kind(title=_TITLE, link=page, description=_TITLE + ".", language="en", feed_url=base_url + path)
    for entry in entries:
        feed.add_item(
            title=("Breaking: " if entry.is_breaking else "") + f"{entry.day}: {entry.title}",
            link=f"{page}#{entry.day}",
            description=str(changes(entry)),
            unique_id=f"urn:uuid:{_id_of(entry)}",
            unique_id_is_permalink=False,
            pubdate=_time_of(entry),
            updateddate=_time_of(entry),
            author_name="couvert",
        )
    return str(feed.writeString("utf-8")).encode()


def _id_of(entry: Entry) -> UUID:
    """The moment of recording keeps two installations apart, whatever address they are read at."""
    return uuid5(_OURS, f"{entry.day} {entry.recorded_at}")


def _time_of(entry: Entry) -> datetime:
    return datetime.fromtimestamp(entry.recorded_at // 1000, UTC)

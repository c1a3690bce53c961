"""Reads the vault for the mails that a batch of events accepted, and says which marks each of them bears."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from couvert.domain.mail import MailAccepted
from couvert.readmodels.fetch import fetch, listed
from couvert.readmodels.mark_table import MarkedMail
from couvert.readmodels.marks import Kind, Marker
from couvert.store.log import LoggedEvent

_REFERENCES: Final[tuple[Kind, ...]] = ("email_id", "client_env_id", "project_id", "closure_id")

_CONTENTS: Final = """
select json_group_array(json_array(mail_id, subject, tags, email_id, client_env_id, project_id, closure_id))
from content where mail_id in (select value from json_each(?))
"""
# The cross join says which comes first: each mail's recipients are one stretch of ids.
_RECIPIENTS: Final = """
select json_group_array(json_array(j.value ->> 0, r.email)) from json_each(?) j cross join recipient r
where r.delivery_id > j.value ->> 0 and r.delivery_id <= (j.value ->> 0) + (j.value ->> 1)
"""


def marker_of(source: sqlite3.Connection) -> Marker:
    [(key,)] = source.execute("select key from mark_key").fetchall()
    return Marker(key)


def marked(source: sqlite3.Connection, events: Iterable[LoggedEvent], marker: Marker) -> list[MarkedMail]:
    """Of what the vault still holds: what was erased bears no mark."""
    counts = {event.stream: event.event.count for event in events if isinstance(event.event, MailAccepted)}
    if not counts:
        return []
    addresses = _addresses(source, counts)
    contents = {row[0]: row[1:] for row in fetch(source, _CONTENTS, listed(counts))}
    return [
        MarkedMail(mail_id, " ".join(_marks(marker, contents.get(mail_id), addresses.get(mail_id, ()))))
        for mail_id in contents.keys() | addresses.keys()
    ]


def _addresses(source: sqlite3.Connection, counts: Mapping[int, int]) -> dict[int, set[str]]:
    addresses: dict[int, set[str]] = {}
    for mail_id, email in fetch(source, _RECIPIENTS, msgspec.json.encode(list(counts.items())).decode()):
        addresses.setdefault(mail_id, set()).add(email)
    return addresses


def _marks(marker: Marker, content: Any | None, addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        yield marker.mark("recipient", address)
    if content is None:
        return
    subject, tags, *references = content
    for kind, value in zip(_REFERENCES, references, strict=True):
        if value is not None:
            yield marker.mark(kind, value)
    for tag in msgspec.json.decode(tags) if tags else ():
        yield marker.mark("tag", tag)
    yield from marker.text(subject)

"""What anybody may read: the specification, the page that shows it, and the changelog in every form."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, TypedDict

import msgspec
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call, Handler
from couvert.api.v2.pages import PageQuery, part_of
from couvert.api.v2.specification import encoded
from couvert.commands.changelog import told
from couvert.domain.times import rfc3339
from couvert.openapi import feeds
from couvert.openapi.difference import Difference, Kind
from couvert.openapi.entries import SHOWN, Entry
from couvert.openapi.page import CONTENT_SECURITY_POLICY, changelog_page, reference_page

HTML: Final = "text/html"
RSS: Final = "application/rss+xml"
ATOM: Final = "application/atom+xml"
_PAGE_HEADERS: Final = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Content-Type-Options": "nosniff"}
_NOWHERE: Final = "https://couvert.invalid"
_PLAIN: Final = re.compile(r"https?://[\w.:\[\]-]+/", re.ASCII)
_EXAMPLE_DAY: Final = "2026-11-22"


class DifferenceAnswer(TypedDict):
    """One difference to the entry before."""

    where: Annotated[str, Field(description="`POST /v2/mails request recipients.email`, say.")]
    message: Annotated[str, Field(description="What is different, for people to read.")]
    isBreaking: Annotated[bool, Field(description="Whether a client may fail that was right before.")]


class EntryAnswer(TypedDict):
    """What changed in the API on one day."""

    date: Annotated[str, Field(description="UTC.", json_schema_extra={"format": "date"})]
    recordedAt: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    title: str
    isBreaking: Annotated[bool, Field(description="Whether any of the differences is.")]
    added: list[DifferenceAnswer]
    changed: list[DifferenceAnswer]
    deprecated: list[DifferenceAnswer]
    removed: list[DifferenceAnswer]


class ChangelogAnswer(TypedDict):
    entries: Annotated[list[EntryAnswer], Field(description="The newest twenty, newest first.", max_length=SHOWN)]


_EXAMPLE_DIFFERENCE: Final[DifferenceAnswer] = {
    "where": "GET /v2/health", "message": "New call: Ask whether the service is alive.", "isBreaking": False,
}  # fmt: skip
_EXAMPLE: Final[ChangelogAnswer] = {
    "entries": [
        {
            "date": _EXAMPLE_DAY,
            "recordedAt": "2026-11-23T00:00:00.012Z",
            "title": "1 added",
            "isBreaking": False,
            "added": [_EXAMPLE_DIFFERENCE],
            "changed": [],
            "deprecated": [],
            "removed": [],
        }
    ]
}  # fmt: skip


def published_calls(parts: Parts, table: Sequence[Call]) -> Sequence[Call]:
    """`table` is all calls, these included: it is looked at when somebody asks, and only once."""
    document = cache(lambda: encoded(table))
    page = cache(lambda: reference_page(msgspec.json.decode(document()), _NOWHERE))
    published = Published(parts, document, page)
    return [
        _open("/v2/openapi.json", published.specification, "Get this specification", "application/json"),
        _open("/v2/docs", published.reference, "Read this specification as a page", HTML),
        Call(
            method="GET",
            path="/v2/changelog",
            handle=published.changelog,
            summary="List what changed in this API",
            description="Recorded at the end of each day (UTC) that changed something, breaking or not.",
            tag="Specification",
            query=PageQuery,
            answer=ChangelogAnswer,
            list_name="entries",
            is_open=True,
            example_data=_EXAMPLE,
        ),
        _open("/changelog", published.changelog_page, "Read what changed as a page", HTML),
        _open("/changelog/rss.xml", published.rss, "Subscribe to what changed by RSS 2.0", RSS),
        _open("/changelog/atom.xml", published.atom, "Subscribe to what changed by Atom", ATOM),
    ]


def _open(path: str, handle: Handler, summary: str, media_type: str) -> Call:
    return Call(
        method="GET",
        path=path,
        handle=handle,
        summary=summary,
        tag="Specification",
        media_types=(media_type,),
        is_open=True,
        is_raw=True,
    )


@dataclass(frozen=True, slots=True)
class Published:
    parts: Parts
    document: Callable[[], bytes]
    page: Callable[[], str]
    """As it is for an address that nobody has. It takes a tenth of a second, and anybody may ask for it: once."""

    async def specification(self, _asked: Asked) -> Response:
        return Response(self.document(), media_type="application/json")

    async def reference(self, asked: Asked) -> Response:
        page = self.page().replace(_NOWHERE, self._base_url(asked.request))
        return Response(page, headers=_PAGE_HEADERS, media_type=HTML)

    async def changelog(self, asked: Asked) -> Answer:
        entries, page = part_of(await self._entries(), asked.query)
        return Answer({"entries": [_entry(entry) for entry in entries]}, page=page)

    async def changelog_page(self, _asked: Asked) -> Response:
        return Response(changelog_page(await self._entries()), headers=_PAGE_HEADERS, media_type=HTML)

    async def rss(self, asked: Asked) -> Response:
        return Response(feeds.rss(await self._entries(), self._base_url(asked.request)), media_type=RSS)

    async def atom(self, asked: Asked) -> Response:
        return Response(feeds.atom(await self._entries(), self._base_url(asked.request)), media_type=ATOM)

    async def _entries(self) -> list[Entry]:
        return [told(stored) for stored in await self.parts.store.changelog(SHOWN)]

    def _base_url(self, request: Request) -> str:
        """The public address, or the one that was asked, if it is one that can stand anywhere as it is."""
        asked = str(request.base_url)
        return (self.parts.settings.public_url or (asked if _PLAIN.fullmatch(asked) else "http://localhost")).rstrip(
            "/"
        )


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "date": entry.day,
        "recordedAt": rfc3339(entry.recorded_at),
        "title": entry.title,
        "isBreaking": entry.is_breaking,
        **{kind.value: [_difference(each) for each in entry.of_kind(kind)] for kind in Kind},
    }


def _difference(difference: Difference) -> DifferenceAnswer:
    return {"where": difference.where, "message": difference.sentence, "isBreaking": difference.is_breaking}

"""The changelog as a page: each day that changed something, what breaks clients first."""

from __future__ import annotations

from collections.abc import Sequence

from couvert.openapi.difference import Difference, Kind
from couvert.openapi.entries import Entry
from couvert.openapi.page.html import Html, element, joined
from couvert.openapi.page.prose import inline
from couvert.openapi.page.shell import shell


def changelog_page(entries: Sequence[Entry], title: str = "couvert: what changed in the API") -> str:
    """Newest first, as they are given."""
    feeds = joined(
        _feed("application/rss+xml", "RSS", "/changelog/rss.xml"),
        _feed("application/atom+xml", "Atom", "/changelog/atom.xml"),
    )
    links = [
        element("a", "Reference", href="/v2/docs"), " · ",
        element("a", "RSS", href="/changelog/rss.xml"), " · ",
        element("a", "Atom", href="/changelog/atom.xml"), " · ",
        element("a", "JSON", href="/v2/changelog"),
    ]  # fmt: skip
    empty = element("p", "Nothing was recorded yet; the first entry is made at the end of the first day (UTC).")
    told = [_entry(entry) for entry in entries] or [empty]
    main = element("main", element("h1", "Changelog"), element("p", links, class_="elsewhere"), told)
    return shell(title, main, feeds=feeds)


def changes(entry: Entry) -> Html:
    """What stands in an entry, on the page and in feeds."""
    return joined(_of_kind(kind, entry.of_kind(kind)) for kind in Kind)


def _entry(entry: Entry) -> Html:
    heading = element("h3", element("a", element("time", entry.day, datetime=entry.day), href=f"#{entry.day}"))
    return element("article", heading, element("p", entry.title, class_="summary"), changes(entry), id=entry.day)


def _of_kind(kind: Kind, differences: Sequence[Difference]) -> Html:
    if not differences:
        return joined()
    return joined(element("h4", kind.capitalize()), element("ul", map(_difference, differences), class_="changes"))


def _difference(difference: Difference) -> Html:
    mark = element("strong", "breaking", class_="breaking") if difference.is_breaking else None
    return element("li", element("code", difference.where), " ", inline(difference.sentence), " ", mark)


def _feed(kind: str, title: str, address: str) -> Html:
    return element("link", rel="alternate", type=kind, title=title, href=address)

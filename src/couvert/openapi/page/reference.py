"""The reference: every call of a document under its tag, and the failures that many calls share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from couvert.openapi.differ import METHODS
from couvert.openapi.page.html import Html, element, joined
from couvert.openapi.page.operations import OperationView, anchor_of, badge
from couvert.openapi.page.prose import prose
from couvert.openapi.page.shell import shell
from couvert.openapi.references import Json, References


class _Call(NamedTuple):
    tag: str
    method: str
    path: str
    operation: Json


def reference_page(document: Json, base_url: str) -> str:
    """`base_url` is what the examples call, `https://mail.example.com`."""
    info, calls = document.get("info", {}), list(_calls(document))
    view = OperationView(References(document), base_url)
    sections = [_section(tag, _words(document, tag), list(of_tag), view) for tag, of_tag in _by_tag(calls)]
    title = f"{info.get('title', 'API')} {info.get('version', '')}".strip()
    return shell(
        f"{title}: reference",
        element("nav", _menu(calls), aria_label="Calls"),
        element(
            "main",
            element("h1", title, element("small", "API reference")),
            element("p", _elsewhere(), class_="elsewhere"),
            prose(str(info.get("description", ""))),
            sections,
            _failures(document, view),
        ),
    )


def _calls(document: Json) -> Iterator[_Call]:
    for path, item in document.get("paths", {}).items():
        for method in item:
            if method in METHODS:
                tag = next(iter(item[method].get("tags", ())), "Calls")
                yield _Call(tag, method.upper(), path, item[method])


def _by_tag(calls: Iterable[_Call]) -> Iterator[tuple[str, Iterator[_Call]]]:
    """In the order in which the tags come up first."""
    order: dict[str, int] = {}
    listed = [(order.setdefault(call.tag, len(order)), call) for call in calls]
    for _, of_tag in groupby(sorted(listed, key=lambda each: each[0]), key=lambda each: each[0]):
        found = [call for _, call in of_tag]
        yield found[0].tag, iter(found)


def _words(document: Json, tag: str) -> str:
    return next((str(each.get("description", "")) for each in document.get("tags", ()) if each.get("name") == tag), "")


def _section(tag: str, words: str, calls: list[_Call], view: OperationView) -> Html:
    articles = [view.article(call.method, call.path, call.operation) for call in calls]
    return element("section", element("h2", tag), prose(words), articles, id=f"tag-{tag}")


def _menu(calls: list[_Call]) -> Html:
    groups = [
        element("li", element("a", tag, href=f"#tag-{tag}"), element("ul", map(_link, of_tag)))
        for tag, of_tag in _by_tag(calls)
    ]
    return element("details", element("summary", "Calls"), element("ul", groups), open=True)


def _link(call: _Call) -> Html:
    words = str(call.operation.get("summary") or call.path)
    anchor = anchor_of(call.method, call.path, call.operation)
    return element("li", element("a", badge(call.method), " ", words, href=f"#{anchor}"))


def _elsewhere() -> Html:
    return joined(
        element("a", "openapi.json", href="/v2/openapi.json"),
        " · ",
        element("a", "Changelog", href="/changelog"),
    )


def _failures(document: Json, view: OperationView) -> Html:
    shared = document.get("components", {}).get("responses", {})
    if not shared:
        return joined()
    articles = [
        element("article", element("h3", name), view.answer(_status_of(document, name), node), id=f"answer-{name}")
        for name, node in sorted(shared.items(), key=lambda each: _status_of(document, each[0]))
    ]
    return element("section", element("h2", "Failures"), articles, id="failures")


def _status_of(document: Json, name: str) -> str:
    """The one it is answered with."""
    reference = f"#/components/responses/{name}"
    for call in _calls(document):
        for status, node in call.operation.get("responses", {}).items():
            if node.get("$ref") == reference:
                return str(status)
    return ""

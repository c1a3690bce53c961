"""One call on the page: what it is for, how to ask, what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from couvert.openapi.page.examples import curl, examples_of, pretty
from couvert.openapi.page.html import Html, element, joined
from couvert.openapi.page.prose import inline, prose
from couvert.openapi.page.schemas import SchemaView
from couvert.openapi.references import Json, References, name_of


class OperationView:
    def __init__(self, references: References, base_url: str) -> None:
        self._references = references
        self._base_url = base_url
        self._asked = SchemaView(references)
        self._told = SchemaView(references, is_answer=True)

    def article(self, method: str, path: str, operation: Json) -> Html:
        anchor = anchor_of(method, path, operation)
        body = self._references.resolve(operation.get("requestBody", {}))
        return element(
            "article",
            element("h3", badge(method), element("a", element("code", path), href=f"#{anchor}")),
            element("p", operation.get("summary", ""), class_="summary"),
            element("p", "Deprecated: use it in nothing new.", class_="deprecated")
            if operation.get("deprecated")
            else None,
            prose(str(operation.get("description", ""))),
            curl(method, path, self._base_url, operation, _first_example(body)),
            self._parameters(operation.get("parameters", ())),
            self._body(body),
            element("h4", "Answers"),
            [self.answer(status, node) for status, node in operation.get("responses", {}).items()],
            id=anchor,
        )

    def _parameters(self, nodes: Any) -> Html:
        parameters = [self._references.resolve(node) for node in nodes]
        if not parameters:
            return joined()
        return joined(element("h4", "Parameters"), element("ul", map(self._parameter, parameters), class_="fields"))

    def _parameter(self, parameter: Json) -> Html:
        schema = parameter.get("schema", {})
        notes = [[Html(" · ") if n else "", note] for n, note in enumerate(self._asked.notes(schema))]
        return element(
            "li",
            element("code", parameter.get("name", ""), class_="name"),
            element("span", f"{parameter.get('in', '')}, {self._asked.kind(schema)}", class_="kind"),
            element("span", "required", class_="required") if parameter.get("required") else None,
            element("div", inline(str(parameter.get("description", ""))), class_="words"),
            element("div", notes, class_="notes"),
        )

    def _body(self, body: Json) -> Html:
        if not body:
            return joined()
        kinds = [self._content(kind, media, self._asked) for kind, media in body.get("content", {}).items()]
        return joined(element("h4", "Body", None if body.get("required") else " (may be left out)"), kinds)

    def answer(self, status: str, node: Any) -> Html:
        """One that stands elsewhere is linked: the failures are the same for many calls."""
        response = self._references.resolve(node)
        words = inline(str(response.get("description", "")))
        if name := name_of(node):
            return element("p", _status(status), element("a", words, href=f"#answer-{name}"), class_="answer")
        return element(
            "details",
            element("summary", _status(status), words),
            self._headers(response.get("headers", {})),
            [self._content(kind, media, self._told) for kind, media in response.get("content", {}).items()],
            open=status.startswith("2"),
            class_="answer",
        )

    def _headers(self, headers: Mapping[str, Any]) -> Html:
        if not headers:
            return joined()
        rows = []
        for name, node in headers.items():
            words = str(self._references.resolve(node).get("description", ""))
            rows.append(
                element("li", element("code", name, class_="name"), element("span", inline(words), class_="words"))
            )
        return element("details", element("summary", "Headers"), element("ul", rows, class_="fields headers"))

    def _content(self, kind: str, media: Json, view: SchemaView) -> Html:
        tree = view.tree(media.get("schema", {}))
        return element(
            "div",
            element("p", element("code", kind), class_="note"),
            element("details", element("summary", "Fields"), tree, open=True) if tree else None,
            [element("details", element("summary", name), pretty(value), open=n == 0)
             for n, (name, value) in enumerate(examples_of(media))],
            class_="content",
        )  # fmt: skip


def anchor_of(method: str, path: str, operation: Json) -> str:
    return str(operation.get("operationId") or f"{method}-{path}")


def badge(method: str) -> Html:
    return element("span", method, class_=f"method {method.lower()}")


def _status(status: str) -> Html:
    return element("span", status, class_=f"status s{status[:1]}")


def _first_example(body: Json) -> Any:
    for media in body.get("content", {}).values():
        for _, value in examples_of(media):
            return value
    return None

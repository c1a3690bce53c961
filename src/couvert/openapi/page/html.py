"""HTML as text that knows it is HTML: whatever else is put into an element is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

_VOID = frozenset({"meta", "link", "br", "hr"})


class Html(str):
    """Made here only; any other text is escaped."""

    __slots__ = ()


Content = str | Iterable["Content"] | None


def element(name: str, /, *content: Content, **attributes: str | bool | None) -> Html:
    """`element("a", "Mails", href="#mails")`; a trailing underscore is for names that Python has taken (`class_`)."""
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{given}>") if name in _VOID else Html(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    return Html("".join(map(_written, content)))


def _written(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return content
    return html.escape(content) if isinstance(content, str) else joined(*content)


def _attribute(key: str, value: str | bool | None) -> str:  # noqa: FBT001 - HTML has such attributes
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(value)}"'

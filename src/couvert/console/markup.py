"""HTML that nobody's text can break out of: whatever is filled in is escaped, unless it is markup itself."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Made by `fill` and `join` alone, or written in this package."""

    __slots__ = ()


def fill(template: str, **values: object) -> Markup:
    """The template with each `{name}` replaced; it has quotes around whatever stands in an attribute."""
    return Markup(template.format_map({name: _safe(value) for name, value in values.items()}))


def join(pieces: Iterable[Markup]) -> Markup:
    return Markup("\n".join(pieces))


def _safe(value: object) -> str:
    return value if isinstance(value, Markup) else escape(str(value))

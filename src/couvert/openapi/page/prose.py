"""The little Markdown that descriptions use: paragraphs, `code` and **bold**; everything else is text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from couvert.openapi.page.html import Html, element, joined

_SPAN: Final = re.compile(r"`([^`\n]+)`|\*\*([^*\n]+)\*\*")


def prose(text: str) -> Html:
    return joined(element("p", inline(paragraph)) for paragraph in text.strip().split("\n\n") if paragraph)


def inline(text: str) -> Html:
    return joined(_spans(text))


def _spans(text: str) -> Iterator[str]:
    start = 0
    for found in _SPAN.finditer(text):
        yield text[start : found.start()]
        code, bold = found.groups()
        yield element("code", code) if code else element("strong", bold)
        start = found.end()
    yield text[start:]

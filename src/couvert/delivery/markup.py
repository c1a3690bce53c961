"""HTML as a flat stream of texts and tags, read once from left to right.

No tree is built. An HTML5 parser has to repeat unclosed formatting in every paragraph after it: 35 kB of hostile
template cost lexbor 4.6 s and 1.4 GB, and every doubling four times that. This is linear.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

BLOCKS = {
    *("address", "article", "aside", "blockquote", "center", "details", "div", "dl", "fieldset", "figure", "footer"),
    *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre", "section"),
    *("table", "ul"),
}
"""The elements that begin on a line of their own, and end a paragraph that is still open."""

_RAW_TEXT = {
    name: re.compile(rf"</(?i:{name})(?=[ \t\n\f\r/>])")
    for name in ("style", "script", "title", "textarea", "iframe", "noembed", "noframes")
}
# Quotes count only after `=`, as in browsers: `<p class="x"">` ends where it seems to. What is left open ends with the
# text, so that no pattern is tried twice on the same letters.
_SPACE = r"[ \t\n\f\r]"
_NAME = r"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*"
_VALUE = r""" "[^"]*(?:"|\Z) | '[^']*(?:'|\Z) | [^ \t\n\f\r>"'][^ \t\n\f\r>]* """
_ATTRIBUTE = re.compile(rf"({_NAME}) (?: {_SPACE}*={_SPACE}* ({_VALUE})? )?", re.VERBOSE)
# At most 100 at a time: a pattern keeps a way back to each, 1.8 GB for a tag of 5 MB.
_ATTRIBUTES = rf"(?: [ \t\n\f\r/]+ | {_NAME} (?: {_SPACE}*={_SPACE}* (?:{_VALUE})? )? ){{0,100}}"
_MORE_ATTRIBUTES = re.compile(_ATTRIBUTES, re.VERBOSE)
_MARKUP = re.compile(rf"< (?: (/?) ([a-zA-Z][^ \t\n\f\r/>]*) ({_ATTRIBUTES}) (>?) | !-- | [!?/] )", re.VERBOSE)

_ENDED_REFERENCE = re.compile(r"&#?[0-9A-Za-z]{1,32};")
# Longer numbers are no character, and `int` refuses to read one of 4,300 digits.
_ENDLESS_REFERENCE = re.compile("&#[0-9]{9,};?")


class Tag(NamedTuple):
    """A start or end tag."""

    name: str
    """In lower case."""
    closing: bool
    written: str
    """Its attributes, as they stand in the source."""

    def attribute(self, name: str) -> str | None:
        """An attribute's text; `""` if it has none, `None` if the tag has no such attribute."""
        for found in _ATTRIBUTE.finditer(self.written):
            if found[1].lower() == name:
                # In a link `&copy=1` is a parameter; only what ends with `;` is a reference.
                return _ENDED_REFERENCE.sub(lambda reference: _decoded(reference[0]), _unquoted(found[2] or ""))
        return None


def tokens(source: str) -> Iterator[str | Tag]:
    """Texts, decoded, and tags; without comments, declarations, and the content of scripts, styles and the like."""
    at = 0
    while found := _MARKUP.search(source, at):
        if found.start() > at:
            yield _decoded(source[at : found.start()])
        slash, name, written, end = found.groups()
        at = found.end()
        if name:
            if not end:
                written, at = _long_tag(source, found.end(2))
            yield (tag := Tag(name.lower(), bool(slash), written))
            if tag.name in _RAW_TEXT:
                at = _end_of_raw_text(source, tag, at)
        else:
            at = _after(source, "-->" if found[0] == "<!--" else ">", found.start() + 2)
    if at < len(source):
        yield _decoded(source[at:])


def _long_tag(source: str, begin: int) -> tuple[str, int]:
    """The attributes of a tag with very many, or without an end, and where it is over."""
    at = begin
    while source[at : at + 1] not in (">", ""):
        found = _MORE_ATTRIBUTES.match(source, at)
        at = found.end() if found else len(source)
    return source[begin:at], at + 1


def _end_of_raw_text(source: str, tag: Tag, at: int) -> int:
    if tag.closing:
        return at
    closing = _RAW_TEXT[tag.name].search(source, at)
    return closing.start() if closing else len(source)


def _after(source: str, mark: str, at: int) -> int:
    end = source.find(mark, at)
    return len(source) if end < 0 else end + len(mark)


def _unquoted(value: str) -> str:
    quote = value[:1]
    return value[1:].removesuffix(quote) if quote in ('"', "'") else value


def _decoded(text: str) -> str:
    return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", text)) if "&" in text else text

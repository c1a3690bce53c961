"""HTML as a flat stream of texts and tags, read once from left to right.

No tree is built. An HTML5 parser has to repeat unclosed formatting in every paragraph after it: 35 kB of hostile
template cost lexbor 4.6 s and 1.4 GB, and every doubling four times that. This is linear.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
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
_NAME_OF_TAG = re.compile(r"<(/?)([a-zA-Z][^ \t\n\f\r/>]*)")
# Almost all tags are as plain as this, and read in a third of the time.
_PLAIN_TAG = r"""/?[a-zA-Z][^ \t\n\f\r/>]*+ (?: [ ]++[a-zA-Z-]++="[^"]*+" )*+ [ ]*+/?+ >"""
_MARKUP = re.compile(rf"< (?: {_PLAIN_TAG}() | (/?) ([a-zA-Z][^ \t\n\f\r/>]*) | !-- | [!?/] )", re.VERBOSE)
_PLAIN, _NAMED = 1, 3
"""Groups: of a tag that is plain, and of the name of one that is not; comments and the like have none."""

_NEVER_SHOWN = ("svg", "template", "datalist")
_HIDING = ("hidden", "display", *(f"<{name}" for name in _NEVER_SHOWN))
_DISPLAY_NONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)

_REFERENCE = re.compile("&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
_LONGEST_REFERENCE = 34
_ENDED_REFERENCE = re.compile(r"&#?[0-9A-Za-z]{1,32};")
# Longer numbers are no character, and `int` refuses to read one of 4,300 digits.
_ENDLESS_REFERENCE = re.compile("&#[0-9]{9,};?")


_REMEMBERED = 256
"""Characters of the longest tag that is kept in memory."""


class Tag(NamedTuple):
    """A start or end tag."""

    name: str
    """In lower case."""
    closing: bool
    written: str
    """Its attributes, as they stand in the source."""
    hides: bool
    """Whether its element is not displayed."""

    def attribute(self, name: str) -> str | None:
        """An attribute's text; `""` if it has none, `None` if the tag has no such attribute."""
        return _attribute(self.written, name)


def tokens(source: str) -> Iterator[str | Tag]:
    """Texts, decoded, and tags; without comments, declarations, and the content of scripts, styles and the like."""
    at = 0
    while at < len(source):
        for found in _MARKUP.finditer(source, at):
            start, end = found.span()
            if start > at:
                text = source[at:start]
                yield _decoded(text) if "&" in text else text
            if found.lastindex == _PLAIN:
                yield (tag := _known_tag(found[0]) if end - start <= _REMEMBERED else _read_tag(found[0]))
                at = end
                if tag.name not in _RAW_TEXT:
                    continue
            elif found.lastindex:
                written, at = _long_tag(source, found.end(_NAMED))
                yield (tag := _tag(found[2], found[_NAMED], written))
            else:
                at = _after(source, "-->" if found[0] == "<!--" else ">", start + 2)
                break
            at = _end_of_raw_text(source, tag, at)
            break
        else:
            if at < len(source):
                yield _decoded(source[at:])
            return


def _read_tag(markup: str) -> Tag:
    """Of a whole tag, from `<` to `>`."""
    found = _NAME_OF_TAG.match(markup)
    assert found is not None
    return _tag(found[1], found[2], markup[found.end() : -1])


_known_tag = lru_cache(maxsize=4_096)(_read_tag)
"""Templates repeat their tags."""


def _tag(slash: str, name: str, written: str) -> Tag:
    name = name.lower()
    return Tag(name, bool(slash), written, _is_hidden(name, written))


def may_hide(source: str) -> bool:
    """A glance over the whole: where this is False, no tag of it hides anything."""
    lowered = source.lower()
    return any(word in lowered for word in _HIDING)


def _is_hidden(name: str, written: str) -> bool:
    if name in _NEVER_SHOWN:
        return True
    lowered = written.lower()
    # A glance first: reading the attributes costs ten times as much, and few tags hide anything.
    if "hidden" in lowered and _attribute(written, "hidden") is not None:
        return True
    return "display" in lowered and _DISPLAY_NONE.search(_attribute(written, "style") or "") is not None


def _attribute(written: str, name: str) -> str | None:
    for found in _ATTRIBUTE.finditer(written):
        if found[1].lower() == name:
            # In a link `&copy=1` is a parameter; only what ends with `;` is a reference.
            return _ENDED_REFERENCE.sub(lambda reference: _decoded(reference[0]), _unquoted(found[2] or ""))
    return None


def _long_tag(source: str, begin: int) -> tuple[str, int]:
    """The attributes of a tag with very many, or without an end, and where it is over."""
    at = begin
    while source[at : at + 1] not in (">", ""):
        found = _MORE_ATTRIBUTES.match(source, at)
        at = found.end() if found else len(source)
    return source[begin:at], at + 1


def _end_of_raw_text(source: str, tag: Tag, at: int) -> int:
    if tag.closing or tag.name not in _RAW_TEXT:
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
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    written = reference[0]
    if len(written) > _LONGEST_REFERENCE:
        return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", written))
    return _known_character(written)


@lru_cache(maxsize=1_024)
def _known_character(reference: str) -> str:
    return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", reference))

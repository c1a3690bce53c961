"""Text laid out for a reader without HTML: paragraphs, lists, the rows of tables, links with their targets."""

from __future__ import annotations

import re

from couvert.delivery.markup import BLOCKS, Tag

NOTHING, SPACE, CELL, LINE, PARAGRAPH = range(5)
_MORE = -1
"""Of elements that do more than leave a gap."""
_GAPS = ("", " ", " | ", "\n", "\n\n")
_GAP_AROUND = (
    dict.fromkeys(BLOCKS, LINE)
    | dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "table", "blockquote", "pre", "figure"), PARAGRAPH)
    | dict.fromkeys(("tr", "caption", "dt", "dd", "figcaption", "summary", "legend", "option"), LINE)
    | dict.fromkeys(("td", "th"), CELL)
    | dict.fromkeys(("br", "hr", "img", "a", "ul", "ol", "menu", "li", "pre"), _MORE)
)
_DEEPEST_MARGIN = 6

# Soft hyphens, and the fillers that stretch a preheader.
_INVISIBLE = re.compile("[\xad\u034f\u200b\ufeff]+")

_NOWHERE = re.compile("#|(?:javascript|vbscript|data|cid):", re.IGNORECASE)
_PERSON = re.compile(r"(?:mailto|tel|sms):([^?]*)", re.IGNORECASE)
_SCHEME = re.compile("https?://", re.IGNORECASE)


class Page:
    """Words written one after another; between two of them stands the widest gap that was asked for."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._gap = NOTHING
        self._bullet = ""
        self._lists: list[int | None] = []
        self._link: tuple[str, int] | None = None
        self._preformatted = 0

    def text(self, text: str) -> None:
        if not text.isascii():
            text = _INVISIBLE.sub("", text)
        if self._preformatted:
            self._lines(text)
        elif words := " ".join(text.split()):
            is_trimmed = len(words) == len(text)
            if not is_trimmed and text[0].isspace():
                self._leave(SPACE)
            self._write(words)
            if not is_trimmed and text[-1].isspace():
                self._gap = SPACE
        elif text:
            self._leave(SPACE)

    def tag(self, tag: Tag) -> None:
        gap = _GAP_AROUND.get(tag.name, NOTHING)
        if gap != _MORE:
            if gap > self._gap:  # noqa: PLR1730 - for every tag, and `max` takes three times as long
                self._gap = gap
            return
        match tag.name:
            case "br":
                self._break()
            case "hr":
                self._rule()
            case "img":
                self.text(tag.attribute("alt") or "")
            case "a":
                self._end_link()
                if not tag.closing:
                    self._link = (_target(tag.attribute("href") or ""), len(self._written))
            case "ul" | "ol" | "menu":
                self._list(tag)
            case "li":
                self._leave(LINE)
                self._bullet = "" if tag.closing else self._next_bullet()
            case _:  # pre
                self._leave(PARAGRAPH)
                self._preformatted = max(0, self._preformatted + (-1 if tag.closing else 1))

    def finished(self) -> str:
        self._end_link()
        return "".join(self._written)

    def _write(self, words: str) -> None:
        lead = _GAPS[self._gap] if self._written else ""
        if self._gap >= LINE or not self._written:
            lead += self._margin() + self._bullet if self._lists or self._bullet else ""
        self._written += lead, words
        self._gap, self._bullet = NOTHING, ""

    def _leave(self, gap: int) -> None:
        if gap > self._gap:  # noqa: PLR1730 - as above
            self._gap = gap

    def _break(self) -> None:
        self._gap = LINE if self._gap < LINE else PARAGRAPH

    def _rule(self) -> None:
        self._leave(PARAGRAPH)
        self._write("---")
        self._leave(PARAGRAPH)

    def _lines(self, text: str) -> None:
        for number, line in enumerate(text.replace("\xa0", " ").split("\n")):
            if number:
                self._break()
            if words := line.rstrip():
                self._write(words)
            if words != line:
                self._leave(SPACE)

    def _margin(self) -> str:
        depth = len(self._lists) - bool(self._bullet)
        return "  " * max(0, min(depth, _DEEPEST_MARGIN))

    def _list(self, tag: Tag) -> None:
        if tag.closing and self._lists:
            self._lists.pop()
        self._leave(LINE if self._lists else PARAGRAPH)
        self._bullet = ""
        if not tag.closing:
            self._lists.append(0 if tag.name == "ol" else None)

    def _next_bullet(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number + 1}. "

    def _end_link(self) -> None:
        if self._link is None:
            return
        (target, start), self._link = self._link, None
        # The first piece written since is the gap before the link's text.
        shown = "".join(self._written[start + 1 :])
        if target and not shown:
            self._write(target)
        elif target and _bare(shown) != _bare(target):
            self._written[-1] += f" ({target})"


def _target(href: str) -> str:
    target = "".join(href.split())
    if _NOWHERE.match(target):
        return ""
    person = _PERSON.match(target)
    return person[1] if person else target


def _bare(address: str) -> str:
    """`example.com` shown for `https://example.com/` need not be spelt out."""
    return _SCHEME.sub("", address, count=1).rstrip("/")

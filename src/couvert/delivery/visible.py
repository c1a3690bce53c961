"""What of a page a reader would see: the same stream, without what is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from couvert.delivery.markup import BLOCKS, Tag

_END_A_ROW = {"tr", "tbody", "tfoot"}
_END_A_CELL = {"td", "th", *_END_A_ROW}
# Which start tags end an element whose own end tag may be left out.
_ENDED_BY = {
    "p": BLOCKS,
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "td": _END_A_CELL,
    "th": _END_A_CELL,
    "tr": _END_A_ROW,
}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_NEAREST = 64
_NEVER_SHOWN = {"svg", "template", "datalist"}

_DISPLAY_NONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def visible(stream: Iterable[str | Tag]) -> Iterator[str | Tag]:
    """The same without what is not displayed."""
    around = _Surroundings()
    for token in stream:
        if isinstance(token, Tag):
            if token.closing:
                around.end(token.name)
            elif token.name not in _VOID:
                around.start(token)
            elif _is_hidden(token):
                continue
        if around.hidden_from is None:
            yield token


class _Surroundings:
    """The elements open at a place, and from which of them on they are hidden.

    Where the end of an element has to be guessed, it comes rather early: a preheader too much beats a mail too little.
    """

    __slots__ = ("_open", "hidden_from")

    def __init__(self) -> None:
        self._open: list[str] = []
        self.hidden_from: int | None = None

    def start(self, tag: Tag) -> None:
        while self._open and tag.name in _ENDED_BY.get(self._open[-1], ()):
            self._leave()
        if self.hidden_from is None and _is_hidden(tag):
            self.hidden_from = len(self._open)
        self._open.append(tag.name)

    def end(self, name: str) -> None:
        # A bounded look: 100,000 end tags of nothing inside 100,000 elements must not compare each with all.
        if name in self._open[-_NEAREST:]:
            while self._leave() != name:
                pass

    def _leave(self) -> str:
        name = self._open.pop()
        if len(self._open) == self.hidden_from:
            self.hidden_from = None
        return name


def _is_hidden(tag: Tag) -> bool:
    if tag.name in _NEVER_SHOWN:
        return True
    written = tag.written.lower()
    # A glance first: reading the attributes costs ten times as much, and few tags hide anything.
    if "hidden" in written and tag.attribute("hidden") is not None:
        return True
    return "display" in written and _DISPLAY_NONE.search(tag.attribute("style") or "") is not None

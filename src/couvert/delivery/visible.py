"""What of a page a reader would see: the same stream, without what is hidden."""

from __future__ import annotations

import re
from collections import Counter
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
_NEVER_SHOWN = {"svg", "template", "datalist"}

_MAY_HIDE = re.compile("display|hidden", re.IGNORECASE)
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
        if not around.hidden:
            yield token


class _Surroundings:
    """The elements open at a place, and whether one of them hides it.

    Where the end of an element has to be guessed, it comes rather early: a preheader too much beats a mail too little.
    """

    __slots__ = ("_counts", "_hidden_from", "_open")

    def __init__(self) -> None:
        self._open: list[str] = []
        self._counts: Counter[str] = Counter()
        self._hidden_from: int | None = None

    @property
    def hidden(self) -> bool:
        return self._hidden_from is not None

    def start(self, tag: Tag) -> None:
        while self._open and tag.name in _ENDED_BY.get(self._open[-1], ()):
            self._leave()
        if not self.hidden and _is_hidden(tag):
            self._hidden_from = len(self._open)
        self._open.append(tag.name)
        self._counts[tag.name] += 1

    def end(self, name: str) -> None:
        if self._counts[name]:
            while self._leave() != name:
                pass

    def _leave(self) -> str:
        name = self._open.pop()
        self._counts[name] -= 1
        if len(self._open) == self._hidden_from:
            self._hidden_from = None
        return name


def _is_hidden(tag: Tag) -> bool:
    if tag.name in _NEVER_SHOWN:
        return True
    if not _MAY_HIDE.search(tag.written):
        return False
    return tag.attribute("hidden") is not None or bool(_DISPLAY_NONE.search(tag.attribute("style") or ""))

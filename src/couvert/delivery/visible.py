"""What of a page a reader would see: the same stream, without what is hidden."""

from __future__ import annotations

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
_MOST_PASSED = 1_000
"""A page of 5 MB may have a million tags."""


def visible(stream: Iterable[str | Tag]) -> Iterator[str | Tag]:
    """The same without what is not displayed."""
    around = _Surroundings()
    passed: list[Tag] = []
    is_hidden = False
    for token in stream:
        if is_hidden:
            if not isinstance(token, str):
                around.follow(token)
                if is_shown := around.hidden_from is None:
                    yield token
                is_hidden = not is_shown
        elif isinstance(token, str):
            yield token
        elif token.hides and not token.closing:
            if token.name not in _VOID:
                # What is open is only asked here, mostly near the top: until then tags just pass.
                around.follow(*passed, token)
                passed.clear()
                is_hidden = True
        else:
            yield token
            passed.append(token)
            if len(passed) == _MOST_PASSED:
                around.follow(*passed)
                passed.clear()


class _Surroundings:
    """The elements open at a place, and from which of them on they are hidden.

    Where the end of an element has to be guessed, it comes rather early: a preheader too much beats a mail too little.
    """

    __slots__ = ("_open", "hidden_from")

    def __init__(self) -> None:
        self._open: list[str] = []
        self.hidden_from: int | None = None

    def follow(self, *tags: Tag) -> None:
        for tag in tags:
            if tag.closing:
                self.end(tag.name)
            elif tag.name not in _VOID:
                self.start(tag)

    def start(self, tag: Tag) -> None:
        while self._open and self._open[-1] in _ENDED_BY and tag.name in _ENDED_BY[self._open[-1]]:
            self._leave()
        if self.hidden_from is None and tag.hides:
            self.hidden_from = len(self._open)
        self._open.append(tag.name)

    def end(self, name: str) -> None:
        if self._open and self._open[-1] == name:
            self._leave()
        # A bounded look: 100,000 end tags of nothing inside 100,000 elements must not compare each with all.
        elif name in self._open[-_NEAREST:]:
            while self._leave() != name:
                pass

    def _leave(self) -> str:
        name = self._open.pop()
        if len(self._open) == self.hidden_from:
            self.hidden_from = None
        return name

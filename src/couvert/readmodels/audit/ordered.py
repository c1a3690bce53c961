"""Rows in the order of their ids, asked for one id after the other: a merge that keeps nothing in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ordered(Generic[T]):
    def __init__(self, rows: Iterable[tuple[int, T]], on_stranger: Callable[[int], None]) -> None:
        """`on_stranger` hears of each row that is there and that nobody asks for."""
        self._rows = iter(rows)
        self._on_stranger = on_stranger
        self._next = next(self._rows, None)

    def take(self, id_: int) -> T | None:
        """The row with this id, if it is there. Ids are asked for in rising order."""
        while self._next is not None and self._next[0] < id_:
            self._skip()
        if self._next is None or self._next[0] != id_:
            return None
        row = self._next[1]
        self._next = next(self._rows, None)
        return row

    def finish(self) -> None:
        """Nothing more will be asked for."""
        while self._next is not None:
            self._skip()

    def _skip(self) -> None:
        assert self._next is not None
        self._on_stranger(self._next[0])
        self._next = next(self._rows, None)

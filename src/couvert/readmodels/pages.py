"""Which part of a list is asked for, and what is answered: the same for every list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cursor wins over `skip`."""

    limit: int = 50
    skip: int = 0
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    items: Sequence[T]
    next_cursor: str | None
    """None on the last page."""
    total: int | None
    """Of all pages; None if there are more than `MOST_COUNTED`, or were not counted."""

    @property
    def at_least(self) -> int | None:
        """More than were counted; None where the total is known."""
        return MOST_COUNTED + 1 if self.total is None else None

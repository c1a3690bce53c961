"""A figure: what is measured several times, and the limits that its lines are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

Values = Mapping[str, float]
"""Line name -> what one round found."""


class Skipped(Exception):
    """One line that says what is missing, or what stood in the way."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done in a round."""

    seconds: int = 6
    """Of load over HTTP."""
    mails: int = 20_000
    """To drain."""
    small: int = 10_000
    large: int = 1_000_000
    """Deliveries stored before, for what must not grow."""
    kills: int = 200
    killed_mails: int = 20_000
    """That go through a service which is killed so often."""
    patience_seconds: float = 20
    """How long each round waits for others on the machine to end what they do."""


QUICK = Scale(seconds=2, mails=5_000, large=50_000, kills=20, killed_mails=2_000, patience_seconds=0)


@dataclass(frozen=True, slots=True)
class Limit:
    value: float
    is_ceiling: bool

    def is_met(self, median: float) -> bool:
        return median <= self.value if self.is_ceiling else median >= self.value

    def __str__(self) -> str:
        return f"{'<=' if self.is_ceiling else '>='} {self.value:,.10g}"


def at_least(value: float) -> Limit:
    return Limit(value, is_ceiling=False)


def at_most(value: float) -> Limit:
    return Limit(value, is_ceiling=True)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    unit: str
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    title: str
    needs: tuple[str, ...]
    """Programs without which it is skipped."""
    lines: tuple[Line, ...]
    rounds: Callable[[Scale], AbstractContextManager[Callable[[], Values]]]
    """What all rounds share is made once; then each call is a round."""
    is_long: bool = False
    """It takes minutes, and finds what is or is not rather than how much: taken by name alone, and once."""

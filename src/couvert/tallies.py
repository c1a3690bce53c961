"""Counts kept where the work is done, without a lock: on one event loop, 0.1 to 0.3 us each; `metrics` shows them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

Tally = Counter[tuple[str, ...]]
"""How often, by the values of its labels: few, and never anything that a client chooses."""

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
LAGS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0)
"""Seconds, of what others do in their own time."""
SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


class Histogram:
    """How many fell into which bucket; a value on a bound belongs below it."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Measure(NamedTuple):
    """One thing that is measured, as `metrics` shows it: whoever counts something offers its measures."""

    name: str
    """`couvert_...`, with its unit; a counter's ends in `_total`."""
    kind: Literal["counter", "gauge", "histogram"]
    words: str
    """A sentence for whoever reads the page."""
    labels: tuple[str, ...]
    read: Callable[[], Iterable[tuple[tuple[str, ...], float | Histogram]]]
    """Values by their labels' values: quickly, on the event loop. Nothing if it is not known now."""

"""How a measure is written down where it has one value, one histogram, or a tally."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from couvert.tallies import Histogram, Measure, Tally

Value = Callable[[], float]


def gauge(name: str, words: str, value: Value) -> Measure:
    return Measure(name, "gauge", words, (), lambda: [((), value())])


def counter(name: str, words: str, value: Value) -> Measure:
    return Measure(name, "counter", words, (), lambda: [((), value())])


def histogram(name: str, words: str, histogram: Histogram) -> Measure:
    return Measure(name, "histogram", words, (), lambda: [((), histogram)])


def tally(name: str, words: str, tally: Tally, *labels: str) -> Measure:
    def read() -> Iterable[tuple[tuple[str, ...], float]]:
        return tally.items()

    return Measure(name, "counter", words, labels, read)

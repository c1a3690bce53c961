"""The page that Prometheus reads: a registry of our own, filled by the measures at the moment they are asked for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from couvert.tallies import Histogram, Measure

KEPT_SECONDS: Final = 1.0
"""The page is open to everybody: however often it is asked for, it is written once a second."""


class MetricsPage:
    def __init__(
        self,
        measures: Sequence[Measure],
        refresh: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`refresh` is called before a page is written."""
        self.registry = CollectorRegistry()
        self.registry.register(_Measured(measures))
        ProcessCollector(registry=self.registry)
        self._refresh = refresh
        self._clock = clock
        self._page = b""
        self._written_at = float("-inf")

    async def __call__(self) -> bytes:
        if self._clock() - self._written_at >= KEPT_SECONDS:
            self._written_at = self._clock()
            await self._refresh()
            self._page = generate_latest(self.registry)
        return self._page


class _Measured(Collector):
    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        return map(_family, self._measures)


def _family(measure: Measure) -> Metric:
    if measure.kind == "histogram":
        return _histograms(measure)
    kind = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
    family = kind(measure.name, measure.words, labels=measure.labels)
    for labels, value in measure.read():
        assert not isinstance(value, Histogram), f"{measure.name} is a {measure.kind}"
        family.add_metric(labels, value)
    return family


def _histograms(measure: Measure) -> Metric:
    family = HistogramMetricFamily(measure.name, measure.words, labels=measure.labels)
    for labels, value in measure.read():
        assert isinstance(value, Histogram), f"{measure.name} is a histogram"
        family.add_metric(labels, _buckets(value), value.total)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Each counts all that is no larger than its bound, as Prometheus has it."""
    buckets, sum_so_far = [], 0
    for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        sum_so_far += count
        buckets.append((bound, float(sum_so_far)))
    return buckets

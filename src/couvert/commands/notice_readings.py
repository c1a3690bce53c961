"""What this process read of notices, counted for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass, field

from couvert.domain.notice_times import told_at
from couvert.store.notices import Result, StoredNotice
from couvert.tallies import LAGS, Histogram, Tally


@dataclass(slots=True)
class NoticeReadings:
    results: Tally = field(default_factory=Tally)
    """By source and result."""
    lag_seconds: Histogram = field(default_factory=lambda: Histogram(LAGS))
    """From what happened at the provider, by its clock, to when we were told."""
    wait_seconds: Histogram = field(default_factory=lambda: Histogram(LAGS))
    """From then until it was read the first time."""

    def ended(self, notice: StoredNotice, result: Result, now: int) -> None:
        self.results[notice.source.value, result.value] += 1
        if notice.look_at != notice.received_at:
            return  # a replay, or another look: neither says how long it took
        self.wait_seconds.observe(max(0, now - notice.received_at) / 1000)
        happened_at = told_at(notice.body)
        if happened_at is not None:
            self.lag_seconds.observe(max(0, notice.received_at - happened_at) / 1000)

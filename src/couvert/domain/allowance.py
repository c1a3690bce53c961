"""How much somebody may ask for in a while: fixed periods that start with the first request."""

from __future__ import annotations

from typing import NamedTuple


class Allowance(NamedTuple):
    """So many requests in each period; both are at least 1."""

    limit: int
    period_seconds: int


class Period(NamedTuple):
    """One that runs, or has run out. Its end follows from the allowance, so that a changed one counts at once."""

    started_ms: int
    used: int


class Standing(NamedTuple):
    """Where somebody stands, in the words of `X-RateLimit-*`."""

    limit: int
    remaining: int
    reset_seconds: int
    """Whole seconds until the count starts anew; never 0 while the period runs."""
    is_over: bool
    """Whether this request is one too many; what is refused uses nothing up."""

    @property
    def retry_after_seconds(self) -> int:
        """0 if there is nothing to wait for."""
        return self.reset_seconds if self.is_over else 0


def count(period: Period | None, allowance: Allowance, cost: int, now_ms: int) -> tuple[Period, Standing]:
    """The period after a request of this cost, and what its sender is told."""
    limit, period_seconds = allowance
    if period is None or has_ended(period, allowance, now_ms):
        period = Period(now_ms, 0)
    used = period.used + cost
    is_over = used > limit
    if is_over:
        used = period.used
    else:
        period = Period(period.started_ms, used)
    left_ms = period.started_ms + period_seconds * 1000 - now_ms
    # An override may have lowered the limit below what was used.
    return period, Standing(limit, max(0, limit - used), -(-left_ms // 1000), is_over)


def look(period: Period | None, allowance: Allowance, cost: int, now_ms: int) -> Standing:
    """What a request of this cost would meet, with what remains before it."""
    if period is None:
        return Standing(allowance.limit, allowance.limit, allowance.period_seconds, cost > allowance.limit)
    _, standing = count(period, allowance, cost, now_ms)
    return standing if standing.is_over else standing._replace(remaining=standing.remaining + cost)


def has_ended(period: Period, allowance: Allowance, now_ms: int) -> bool:
    return now_ms - period.started_ms >= allowance.period_seconds * 1000

"""When hand-overs may happen: slots on one line of time for each provider account, evenly spaced, never made up for.

Times are microseconds since 1970. Evenly spaced slots need no bucket: in no window of a second are there more of them
than the rate says, wherever it begins, and whoever missed one takes the next.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

SECOND: Final = 1_000_000
MARGIN: Final = 0.97
"""Of the rate that is used: whoever counts sees the hand-overs up to 30 ms later than they were to happen, some more
than others, and must find no more of them in any second."""
LEAST_SHARE: Final = 0.1
SLOWER: Final = 0.8
RECOVERY: Final = 300 * SECOND
"""How long it takes from nothing to the full rate: a minute for the fifth that one throttling costs."""
HOUR: Final = 3_600 * SECOND
HOURS: Final = 24
HORIZON: Final = 60 * SECOND
"""Who last reserved so far in the future had a clock that was wrong, and is set right now."""


class AccountLimits(NamedTuple):
    """What a provider says that an account may send, in recipients."""

    per_second: float
    per_day: int | None = None
    """None if it is not limited."""
    sent: int | None = 0
    """In the last 24 hours; None if the provider does not say, and it has to be counted here."""


class Pace(NamedTuple):
    """One account's schedule, shared by all who send for it."""

    per_second: float
    left: int | None
    """How many may follow until the provider is asked again, None if there is no daily limit."""
    next_at: int = 0
    share: float = 1.0
    """Of the rate, when it was last slowed down."""
    slowed_at: int = 0
    reserved_at: int = 0
    """By the clock of whoever reserved last. How far ahead `next_at` is says nothing: a slow pace may be far ahead."""


class Slots(NamedTuple):
    """`number` slots, the first at `first_at`, each `apart` from the one before; none if the day's quota is used up."""

    first_at: int
    apart: int
    number: int


def reserve(pace: Pace, most: int, now: int) -> tuple[Pace, Slots]:
    """Up to `most` slots, the next ones that nobody has."""
    apart = spacing(pace, now)
    number = most if pace.left is None else min(most, pace.left)
    first_at = max(now, pace.next_at) if pace.reserved_at <= now + HORIZON else now
    left = None if pace.left is None else pace.left - number
    moved = pace._replace(next_at=first_at + number * apart, left=left, reserved_at=now)
    return moved, Slots(first_at, apart, number)


def spacing(pace: Pace, now: int) -> int:
    """Between two slots. A rate of 1.5 is one of 1: two in a second would be more than it allows."""
    whole = math.floor(pace.per_second) if pace.per_second >= 1 else pace.per_second
    return math.ceil(SECOND / (whole * MARGIN * share(pace, now)))


def share(pace: Pace, now: int) -> float:
    """Of the rate that is used now, by how long ago the provider throttled."""
    return min(1.0, pace.share + max(0, now - pace.slowed_at) / RECOVERY)


def slow_down(pace: Pace, now: int) -> Pace:
    """The provider throttled; what it says within a second it says about the same moment."""
    if 0 <= now - pace.slowed_at < SECOND:
        return pace
    return pace._replace(share=max(LEAST_SHARE, share(pace, now) * SLOWER), slowed_at=now)


def learn(pace: Pace | None, limits: AccountLimits, now: int, counted: int = 0) -> Pace:
    """What the provider says now holds, but for the slots that are out and for how it throttled.

    `counted` are the slots of the last 24 hours, those that are out included.
    """
    sent = limits.sent if limits.sent is not None else counted
    out = slots_out(pace, now) if pace is not None and limits.sent is not None else 0
    left = None if limits.per_day is None else max(0, limits.per_day - sent - out)
    if pace is None:
        return Pace(limits.per_second, left)
    return pace._replace(per_second=limits.per_second, left=left)


def slots_out(pace: Pace, now: int) -> int:
    """Reserved and still to come: the provider cannot have counted these. The next one is nobody's yet."""
    return max(0, math.ceil((pace.next_at - now) / spacing(pace, now)) - 1)

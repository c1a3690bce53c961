"""When to try again: exponential with full jitter, bounded by time and never by a count.

Full jitter as in "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): the delay is uniform between nothing
and a ceiling that doubles, so a relay that comes back is not met by everybody at once.
"""

from __future__ import annotations

from typing import Final

FIRST_CEILING_MS: Final = 30_000
LAST_CEILING_MS: Final = 3_600_000
SHORTEST_MS: Final = 1_000
GIVE_UP_AFTER_MS: Final = 24 * 3_600_000
THROTTLED_MS: Final = 2_000
"""The longest pause of what the provider had no time for: it is the pace that slows down."""
HELD_MS: Final = 5_000
"""After the pause in which nothing is tried, so that the next to find out whether mail is taken again is another
delivery: this one's sender may be the reason.
"""


def ceiling_ms(deferrals: int) -> int:
    """The longest wait after this many deferrals (from 1): 30 s, 60 s, 2 min ... one hour."""
    doublings = min(max(deferrals, 1) - 1, 20)
    return min(FIRST_CEILING_MS << doublings, LAST_CEILING_MS)


def next_due(*, now: int, deferrals: int, after_seconds: float | None, chance: float) -> int:
    """When the next attempt is due, in ms: after what the provider asked for, an hour at most, and a jittered wait.

    `chance` is uniform in [0, 1).
    """
    jittered = max(SHORTEST_MS, int(ceiling_ms(deferrals) * chance))
    # `max(0.0, nan)` is 0.0: what a provider writes there is anybody's guess.
    asked = int(min(max(0.0, after_seconds or 0.0) * 1000, LAST_CEILING_MS))
    return now + asked + jittered


def after_throttling_ms(after_seconds: float | None, chance: float) -> int:
    """How long a delivery waits that was throttled. `chance` is uniform in [0, 1)."""
    asked = int(min(max(0.0, after_seconds or 0.0) * 1000, LAST_CEILING_MS))
    return asked + int(THROTTLED_MS * (1 + chance) / 2)

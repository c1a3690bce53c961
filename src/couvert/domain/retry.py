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

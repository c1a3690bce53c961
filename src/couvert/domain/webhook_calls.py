"""What becomes of a webhook's message by what the receiver answered: told, tried again, given up, or nobody is there.

Exponential with full jitter for three days. Whether the receiver says 400 or 500, it may be mended in that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GONE_STATUS: Final = 410
FIRST_CEILING_MS: Final = 10_000
LAST_CEILING_MS: Final = 8 * 3_600_000
SHORTEST_MS: Final = 1_000
GIVE_UP_AFTER_MS: Final = 3 * 24 * 3_600_000
LATE_MS: Final = 3_600_000
"""How long after the three days a message is waited for whose last try does not get its turn."""
LONGEST_ASKED_MS: Final = 24 * 3_600_000
"""The most that a `Retry-After` is obeyed: a receiver is not to switch itself off by mistake."""


@dataclass(frozen=True, slots=True)
class Told:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Again:
    due_at: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """For three days nobody took it."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The receiver wants no more of anything."""


Verdict = Told | Again | GivenUp | Gone


def judge(
    status: int | None, *, now: int, tries: int, give_up_at: int, asked_ms: int | None = None, chance: float
) -> Verdict:
    """`status`: None without an answer. `tries` of this message so far, this one included; `chance` in [0, 1)."""
    if status is not None and 200 <= status < 300:
        return Told()
    if status == GONE_STATUS:
        return Gone()
    if now >= give_up_at:
        return GivenUp()
    # The last try is at the end of the three days, however long the wait would be.
    return Again(min(now + wait_ms(tries, asked_ms, chance), give_up_at))


def wait_ms(tries: int, asked_ms: int | None, chance: float) -> int:
    """After what the receiver asked for, a jittered wait."""
    ceiling = min(FIRST_CEILING_MS << min(max(tries, 1) - 1, 20), LAST_CEILING_MS)
    return bounded(asked_ms) + max(SHORTEST_MS, int(ceiling * chance))


def bounded(asked_ms: int | None) -> int:
    return min(max(asked_ms or 0, 0), LONGEST_ASKED_MS)

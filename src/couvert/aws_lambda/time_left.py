"""How much of an invocation is left, and what for: Lambda kills whoever is not done."""

from __future__ import annotations

from typing import Final, Protocol

from couvert.workers.leases import clock

HAND_OVER_SECONDS: Final = 15.0
"""Nothing is begun in the last seconds: what is begun by then may take so long to be taken."""
CHORES_SECONDS: Final = 4.0
"""For what follows the last hand-over: its record, and results."""
ANSWER_SECONDS: Final = 1.0
"""For the answer to reach the runtime."""


class Context(Protocol):
    """What of Lambda's own is used."""

    def get_remaining_time_in_millis(self) -> int: ...


class TimeLeft:
    """An invocation that is granted less than twice these seconds begins for half its time, and so on."""

    def __init__(self, context: Context) -> None:
        self._granted = context.get_remaining_time_in_millis() / 1000
        self._end = clock() + self._granted

    @property
    def to_begin(self) -> float:
        """Seconds; hand-overs may begin, requests may wait."""
        return self._until(HAND_OVER_SECONDS, 2)

    @property
    def to_hand_over(self) -> float:
        """What is begun by then is to end."""
        return self._until(CHORES_SECONDS, 4)

    @property
    def to_finish(self) -> float:
        return self._until(ANSWER_SECONDS, 8)

    def _until(self, last_seconds: float, share: int) -> float:
        return self._end - min(last_seconds, self._granted / share) - clock()

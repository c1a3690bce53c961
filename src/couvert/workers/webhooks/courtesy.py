"""How much of the machine webhooks may take while mail leaves in numbers: they wait, deliveries do not.

A low priority is not enough: whoever computes beside a delivery, on whatever core, takes caches, memory and disk
from it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from couvert.store.log import Position

MANY: Final = 2_000
"""Events a second: of fewer, deliveries leave most of a core free."""
SHARE: Final = 0.02
"""Of all cores."""
LOOK_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 5.0


class Courtesy:
    """Of one process."""

    def __init__(
        self,
        cores: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.process_time,
    ) -> None:
        """`spent`: CPU seconds of this process."""
        self._share = SHARE * (cores or os.cpu_count() or 1)
        self._clock = clock
        self._spent = spent
        self._are_many = False
        self._newest: Position | None = None
        self._looked_at = 0.0
        self._paid_at = clock()
        self._paid = spent()

    def see(self, newest: Position) -> None:
        """How far the log has come by now."""
        now = self._clock()
        seconds = now - self._looked_at
        if seconds < LOOK_SECONDS:
            return
        self._are_many = self._newest is not None and newest - self._newest > MANY * seconds
        self._newest, self._looked_at = newest, now

    def owed_seconds(self) -> float:
        """How long to do nothing now, for what was done since this was asked before."""
        now, spent = self._clock(), self._spent()
        owed = (spent - self._paid) / self._share - (now - self._paid_at)
        self._paid_at, self._paid = now, spent
        return min(max(owed, 0.0), LONGEST_SECONDS) if self._are_many else 0.0

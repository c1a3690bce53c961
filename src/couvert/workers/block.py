"""Slots that are reserved for this process and not given out yet."""

from __future__ import annotations

import time
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from couvert.domain.pace import Slots
from couvert.workers.beat import BEAT_SECONDS, number, number_now

LEAD_BEATS: Final = 2
"""For the message to be built and *begun* to be committed."""
LEAD_SECONDS: Final = LEAD_BEATS * BEAT_SECONDS
LATE_SECONDS: Final = 0.02
"""A slot that is over for longer is missed; the next one is taken."""


@dataclass(slots=True)
class Slot:
    at: float
    """By the monotonic clock."""
    is_used: bool = False
    """Something was handed over in it."""


class Block:
    def __init__(self) -> None:
        self._slots: list[float] = []
        """When each comes; a heap."""
        self._last = 0.0

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def seconds_left(self) -> float:
        """Until the last one, whether it was given out or not."""
        return self._last - time.monotonic()

    def reserved(self, slots: Slots, now_us: int) -> None:
        first = time.monotonic() + (slots.first_at - now_us) / 1e6
        for n in range(slots.number):
            heappush(self._slots, first + n * slots.apart / 1e6)
        self._last = first + (slots.number - 1) * slots.apart / 1e6

    def put_back(self, slot: Slot) -> None:
        heappush(self._slots, slot.at)

    def next(self) -> float | None:
        """When the next slot comes."""
        missed = time.monotonic() - LATE_SECONDS
        while self._slots and self._slots[0] < missed:
            heappop(self._slots)
        return self._slots[0] if self._slots else None

    def pop(self) -> Slot:
        return Slot(heappop(self._slots))

    def due(self, most: int) -> list[Slot]:
        """Those that have to be given out now."""
        last = number_now() + LEAD_BEATS
        due: list[Slot] = []
        while self._slots and len(due) < most and number(self._slots[0]) <= last:
            due.append(self.pop())
        return due

    def clear(self) -> None:
        self._slots.clear()
        self._last = 0.0

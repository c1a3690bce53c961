"""The lane to one endpoint: two at once while all goes well, one probe at a time while it does not.

Without it a receiver that hangs would hold its places for ever, and each of its messages would find out for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WIDTH: Final = 2
FIRST_PAUSE_MS: Final = 500
LONGEST_PAUSE_MS: Final = 60_000


@dataclass(slots=True)
class Lane:
    in_flight: int = 0
    failures: int = 0
    """In a row."""
    closed_until: int = 0

    def free(self, now: int) -> int:
        """How many may set out."""
        if now < self.closed_until:
            return 0
        return max(0, (1 if self.failures else WIDTH) - self.in_flight)

    def ended(self, now: int, *, is_told: bool, asked_ms: int) -> None:
        """One came back; `asked_ms`: how long the receiver wants to be left alone."""
        self.in_flight -= 1
        if is_told:
            self.failures = 0
            return
        pause = min(FIRST_PAUSE_MS << min(self.failures, 10), LONGEST_PAUSE_MS)
        self.failures += 1
        self.closed_until = max(self.closed_until, now + max(pause, asked_ms))

"""Senders that the provider does not take mail of: theirs waits by itself, so that it keeps nobody else's waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

FIRST_SECONDS: Final = 10.0
LONGEST_SECONDS: Final = 300.0
TRIAL_SECONDS: Final = 2.0
"""After a pause one goes ahead, and for so long the others wait for what becomes of it."""
MOST: Final = 10_000
"""Senders that are remembered; with more of them everybody is tried again."""


class Wait(NamedTuple):
    seconds: float
    reason: str


class _Hold(NamedTuple):
    until: float
    pause_seconds: float
    """Which ends then; the next one is twice as long."""
    reason: str
    is_on_trial: bool = False
    """One has gone ahead."""


class Senders:
    """As far as this process knows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._holds: dict[str, _Hold] = {}

    @property
    def held(self) -> int:
        """How many. One whose pause has long been over has no mail left that could be tried."""
        return sum(self._clock() < hold.until + LONGEST_SECONDS for hold in self._holds.values())

    def hold(self, sender: str, reason: str) -> None:
        """Its mail was not taken: some is tried again after a pause, which doubles each time."""
        known, now = self._holds.get(sender), self._clock()
        if known is not None and now < known.until and not known.is_on_trial:
            return  # this one was under way already
        if known is None and len(self._holds) >= MOST:
            self._holds.clear()
        seconds = min(known.pause_seconds * 2, LONGEST_SECONDS) if known else FIRST_SECONDS
        self._holds[sender] = _Hold(now + seconds, seconds, reason)

    def was_taken(self, sender: str) -> None:
        if self._holds:
            self._holds.pop(sender, None)

    def wait_of(self, sender: str) -> Wait | None:
        """None if its mail may be tried: whoever hears that does so, and is the only one for a moment."""
        hold = self._holds.get(sender) if self._holds else None
        if hold is None:
            return None
        now = self._clock()
        if now < hold.until:
            return Wait(hold.until - now, hold.reason)
        self._holds[sender] = hold._replace(until=now + TRIAL_SECONDS, is_on_trial=True)
        return None

"""A beat that all who wait follow, so that what is to happen within the same few milliseconds happens at once.

A timer for each message costs a tenth of what the message does; and what begins together is committed together.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final

BEAT_SECONDS: Final = 0.005
"""Between two beats; a rate's margin covers six of them."""


def number(at: float) -> int:
    """Of the first beat that is not before this time of the monotonic clock."""
    return math.ceil(at / BEAT_SECONDS)


def number_now() -> int:
    """Of the last beat that was struck; timers count in milliseconds, and may be early by one."""
    return math.floor((time.monotonic() + 0.001) / BEAT_SECONDS)


class Beat:
    def __init__(self) -> None:
        self._waiting: dict[int, list[asyncio.Future[None]]] = {}

    async def reach(self, beat: int) -> None:
        """Return when it comes, or at once if it has."""
        seconds = beat * BEAT_SECONDS - time.monotonic()
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if beat not in self._waiting:
            self._waiting[beat] = []
            loop.call_later(seconds, self._strike, beat)
        self._waiting[beat].append(future)
        await future

    def strike_all(self) -> None:
        """Whoever waits looks again at once."""
        for beat in list(self._waiting):
            self._strike(beat)

    def _strike(self, beat: int) -> None:
        for future in self._waiting.pop(beat, ()):
            if not future.done():
                future.set_result(None)

"""How many connections there may be at once: as many as agreed, and fewer for a while where the relay allows fewer."""

from __future__ import annotations

import asyncio
from typing import Final

HELD_BACK_SECONDS: Final = 30.0
"""How long a slot that the relay had no connection for is left unused; the next who gets it asks the relay again."""


class Slots:
    """A slot is waited for in order, and given back or held back by whoever has it."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._held: list[asyncio.TimerHandle] = []

    @property
    def are_taken(self) -> bool:
        """Whether whoever takes one now would wait."""
        return self._free.locked()

    async def take(self) -> None:
        await self._free.acquire()

    def give(self) -> None:
        self._free.release()

    def hold_back(self) -> bool:
        """Whether it is the only one."""
        timer = asyncio.get_running_loop().call_later(HELD_BACK_SECONDS, self._again)
        self._held.append(timer)
        return len(self._held) == 1

    def give_all(self) -> None:
        """Give back those that are held back, too: there is no relay at the moment that they could be spared."""
        for timer in self._held:
            timer.cancel()
            self.give()
        self._held.clear()

    def _again(self) -> None:
        del self._held[0]  # they were held back for the same time, so they return in order
        self.give()

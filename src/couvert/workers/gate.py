"""The gate before a provider: closed while it cannot be reached, so that no delivery is spent on finding out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

import structlog

from couvert.delivery.transport import Transport, Unreachable

SHORTEST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 30.0

log = structlog.get_logger()


class Gate:
    def __init__(self, transport: Transport, chance: Callable[[], float] = random.random) -> None:
        self._transport = transport
        self._chance = chance
        self.trouble: str | None = None
        """Why it is closed, None while it is open."""

    def close(self, trouble: str) -> None:
        if self.trouble is None:
            log.error("transport.unreachable", transport=self._transport.name, trouble=trouble)
        self.trouble = trouble

    async def passed(self) -> None:
        """Return at once while open; while closed, probe with growing pauses until a channel opens."""
        ceiling = SHORTEST_SECONDS
        while self.trouble is not None:
            await asyncio.sleep(ceiling * (0.5 + self._chance() / 2))
            ceiling = min(ceiling * 2, LONGEST_SECONDS)
            try:
                channel = await self._transport.channel()
            except Unreachable as still:
                self.trouble = str(still)
                continue
            channel.release()
            log.warning("transport.reachable", transport=self._transport.name)
            self.trouble = None

"""The gate before a provider: closed while it cannot be reached, so that no delivery is spent on finding out.

While the provider is there and takes nothing of ours (suspended, paused, over its quota), only a delivery can find out
that it does again: one at a time is let through on trial, with growing pauses.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from typing import Final

import structlog

from couvert.delivery.transport import Transport, Unreachable

SHORTEST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 30.0
LONGEST_HOLD_SECONDS: Final = 300.0

_ADDRESS: Final = re.compile(r"[^\s<>,;:]+@")
"""What SES refuses, it names; the log holds no addresses."""

log = structlog.get_logger()


class Gate:
    def __init__(self, transport: Transport, chance: Callable[[], float] = random.random) -> None:
        self._transport = transport
        self._chance = chance
        self._hold_seconds = SHORTEST_SECONDS
        self.is_held = False
        """The provider takes nothing of ours, as far as this process knows."""
        self.trouble: str | None = None
        """Why it is closed, None while it is open."""
        self.is_on_trial = False
        """One delivery may pass, to find out whether the provider takes mail again."""

    @property
    def next_hold_seconds(self) -> float:
        """The longest that is waited, if nothing is taken, before another delivery is tried."""
        return min(self._hold_seconds * 2, LONGEST_HOLD_SECONDS)

    def close(self, trouble: str) -> None:
        if self.trouble is None:
            log.error("transport.unreachable", transport=self._transport.name, trouble=trouble)
        self.trouble = trouble

    def hold(self, reason: str, *, is_of_sender: bool = False) -> None:
        """The provider takes nothing of ours now, or nothing of a sender, whose own pauses grow: nobody else's do."""
        if not self.is_held:
            log.error("transport.held", transport=self._transport.name, reason=_ADDRESS.sub("...@", reason))
        if is_of_sender:
            self._hold_seconds = SHORTEST_SECONDS
        self.is_held, self.is_on_trial = True, False
        self.trouble = reason

    def passed_through(self) -> None:
        """The provider judged a delivery for what it is."""
        if self.is_on_trial:
            log.warning("transport.resumed", transport=self._transport.name)
            self.is_held = self.is_on_trial = False
            self._hold_seconds = SHORTEST_SECONDS

    def try_again(self, *, is_for_trial: bool) -> None:
        """As after a pause, however long it would be: it opens, or lets one delivery through on trial."""
        if is_for_trial or not self.is_held:
            self.is_on_trial = self.is_held
            self.trouble = None

    async def passed(self) -> None:
        """Return at once while open; while closed, probe with growing pauses until a channel opens."""
        ceiling = SHORTEST_SECONDS
        while self.trouble is not None:
            if self.is_held:
                self._hold_seconds = ceiling = self.next_hold_seconds
            await asyncio.sleep(ceiling * (0.5 + self._chance() / 2))
            ceiling = min(ceiling * 2, LONGEST_SECONDS)
            try:
                channel = await self._transport.channel()
            except Unreachable as still:
                self.trouble = str(still)
                continue
            channel.release()
            if not self.is_held:
                log.warning("transport.reachable", transport=self._transport.name)
            self.is_on_trial = self.is_held
            self.trouble = None

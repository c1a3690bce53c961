"""Waiting for an event costs memory and nothing else; those whose token nobody knows yet wait in small numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from couvert.domain.refusals import RateLimited
from couvert.limits.addresses import counted_as
from couvert.store.log import Position

LONGEST_SECONDS: Final = 10.0
MOST_STRANGERS: Final = 100
"""Waits per address: a token that is being created is unknown for a moment; a flood of guesses is no such thing."""

ReachedPosition = Callable[[Position, float], Awaitable[bool]]
"""Whether every read model passes a position within so many seconds."""


@dataclass(frozen=True, slots=True)
class Waiting:
    reached_position: ReachedPosition
    longest_seconds: float = LONGEST_SECONDS
    _strangers: Counter[str] = field(default_factory=Counter)

    async def reached(self, event: Position) -> bool:
        return await self.reached_position(event, self.longest_seconds)

    @contextmanager
    def stranger(self, address: str) -> Iterator[None]:
        """Raises `RateLimited` if too many of this address wait already."""
        who = counted_as(address)
        if self._strangers[who] >= MOST_STRANGERS:
            raise RateLimited("Too many requests without a known token wait for an event.", 1)
        self._strangers[who] += 1
        try:
            yield
        finally:
            self._strangers[who] -= 1
            if not self._strangers[who]:
                del self._strangers[who]

"""Async code that waits until the read models have passed a position: any number, woken once per batch of events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final

from couvert.readmodels.log import END
from couvert.store.log import Position

FEW: Final = 100
"""So many that gave up may stay in the heap before anybody looks."""
LAST_SECONDS: Final = 1.0
"""At the end: read models that do follow have come so far ten times over."""


class Waiters:
    """`moved_to` belongs to the follower's thread, all else to the event loop.

    Who waits shows its position before it looks how far the follower is; the follower moves before it looks who waits.
    So one of them sees the other.
    """

    def __init__(self, hurry: Callable[[], None] = lambda: None) -> None:
        """`hurry` is called on the event loop whenever somebody begins to wait."""
        self._hurry = hurry
        self.reached: Position = 0
        self._lowest: Position = END
        self._heap: list[tuple[Position, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._gave_up = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._patience: set[asyncio.Timeout] = set()
        self._is_ending = False

    @property
    def are_there(self) -> bool:
        """Somebody waits."""
        return self._lowest != END

    def __len__(self) -> int:
        """How many wait."""
        return len(self._heap) - self._gave_up

    def moved_to(self, position: Position) -> None:
        """The read models hold everything up to here now; less than before if they were begun anew."""
        self.reached = position
        if self._lowest <= position and self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._release)

    async def wait(self, position: Position, timeout_seconds: float) -> bool:
        """Whether the position was passed in time."""
        if position <= self.reached:
            return True
        self._loop = asyncio.get_running_loop()
        future = self._loop.create_future()
        heappush(self._heap, (position, next(self._numbers), future))
        self._lowest = self._heap[0][0]
        self._hurry()
        self._release()
        patience = asyncio.timeout(min(timeout_seconds, LAST_SECONDS) if self._is_ending else timeout_seconds)
        self._patience.add(patience)
        try:
            async with patience:
                await future
        except TimeoutError:
            return position <= self.reached
        finally:
            self._patience.discard(patience)
            if future.cancelled():
                self._forget()
        return True

    def end(self) -> None:
        """The service is told to stop: what has not come in a moment is waited for in vain."""
        self._is_ending = True
        if self._loop is not None:
            last = self._loop.time() + LAST_SECONDS
            for patience in self._patience:
                if not patience.expired() and (when := patience.when()) is not None:
                    patience.reschedule(min(when, last))

    def _release(self) -> None:
        while self._lowest <= self.reached:
            _, _, future = heappop(self._heap)
            self._lowest = self._heap[0][0] if self._heap else END
            if future.cancelled():
                self._gave_up -= 1
            else:
                future.set_result(None)

    def _forget(self) -> None:
        """Waits for positions that never come must not pile up, nor pass for somebody who still waits."""
        self._gave_up += 1
        if self._gave_up == len(self._heap) or self._gave_up > max(FEW, len(self._heap) // 2):
            self._heap = [waiter for waiter in self._heap if not waiter[2].cancelled()]
            heapify(self._heap)
            self._lowest = self._heap[0][0] if self._heap else END
            self._gave_up = 0
            self._release()

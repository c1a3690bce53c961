"""Tells whoever waits on the event loop that the log has grown: by this process at once, by another within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from couvert.domain.refusals import Unavailable
from couvert.store.log import Position

LOOK_SECONDS: Final = 1.0
"""Commits of other processes tell nobody here."""


class Feed:
    """`committed` is a listener for `Store.on_commit`; while nobody waits, nobody looks."""

    def __init__(self, position: Callable[[], Awaitable[Position]]) -> None:
        self._position = position
        self._known: Position = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._over = asyncio.Event()
        self.streams = 0
        """How many are open."""

    @property
    def is_over(self) -> bool:
        """The service was told to stop."""
        return self._over.is_set()

    async def over(self) -> None:
        """Returns once the service is told to stop; each stream asks this for as long as it lasts."""
        self.streams += 1
        try:
            await self._over.wait()
        finally:
            self.streams -= 1

    def committed(self, position: Position) -> None:
        self._known = max(self._known, position)
        self._wake()

    def end(self) -> None:
        """The service is told to stop: nobody is to wait any more."""
        self._over.set()
        self._wake()

    async def wait_beyond(self, position: Position, timeout_seconds: float) -> bool:
        """Whether the log has grown beyond this position in time; False at once when all is over."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + timeout_seconds
        while self._known <= position and not self._over.is_set():
            left = give_up_at - loop.time()
            if left <= 0:
                return False
            if not await self._woken(min(left, LOOK_SECONDS)):
                await self._look()
        return not self._over.is_set()

    async def _woken(self, timeout_seconds: float) -> bool:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            # Not `wait_for`, which in Python 3.11 may swallow that the caller was cancelled.
            done, _ = await asyncio.wait((future,), timeout=timeout_seconds)
        finally:
            self._waiting.discard(future)
        return bool(done)

    async def _look(self) -> None:
        with suppress(Unavailable):
            self._known = max(self._known, await self._position())

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

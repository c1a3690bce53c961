"""The bytes of messages under way: sixty-four hands with a message of 34 MB each would be 2 GB."""

from __future__ import annotations

import asyncio


class Load:
    """Asked before a message is built, told its size afterwards: it may pass `most` by one message, not by many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: list[asyncio.Future[None]] = []
        self.carried = 0
        """In bytes."""

    async def room(self) -> None:
        """Wait until less than `most` is under way; in nearly every life that is at once."""
        while self.carried >= self._most:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    def take(self, size: int) -> None:
        self.carried += size

    def give(self, size: int) -> None:
        self.carried -= size
        if self._waiting and self.carried < self._most:
            self._call_all()

    def _call_all(self) -> None:
        """They look again one after the other, and the first may leave no room; there are fewer of them than hands."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

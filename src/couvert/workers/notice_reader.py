"""Reads notices once they are kept: those of this process at once, those of others within a second."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Final

from couvert.commands.notice_reading import ReadNotices
from couvert.workers.tasks import again_and_again, at_work

NAP_SECONDS: Final = 1.0


class NoticeReader:
    def __init__(self, reading: ReadNotices, *, nap_seconds: float = NAP_SECONDS) -> None:
        self._reading = reading
        self._nap_seconds = nap_seconds
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        self._wanted.set()

    def at_work(self) -> AbstractAsyncContextManager[None]:
        return at_work(lambda: again_and_again(self._turn, "notices"))

    async def _turn(self) -> None:
        self._wanted.clear()
        if await self._reading.read_due():
            return
        try:
            async with asyncio.timeout(self._nap_seconds):
                await self._wanted.wait()
        except TimeoutError:
            pass

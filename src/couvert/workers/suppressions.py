"""Records the suppressions that have ended by themselves; mail went to their addresses again from that moment on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from couvert.commands.suppressions import Suppressions
from couvert.domain.refusals import Conflict, Unavailable

NAP_SECONDS: Final = 10.0

log = structlog.get_logger()


class SuppressionsWorker:
    def __init__(self, suppressions: Suppressions, *, nap_seconds: float = NAP_SECONDS) -> None:
        self._suppressions = suppressions
        self._nap_seconds = nap_seconds

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                is_done = not await self._suppressions.record_ends()
            except (Conflict, Unavailable) as trouble:
                log.info("suppressions.ends_not_recorded", trouble=trouble.message)
                is_done = True
            except Exception:
                log.exception("suppressions.ends_not_recorded")
                is_done = True
            if is_done:
                await asyncio.sleep(self._nap_seconds)

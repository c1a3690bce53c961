"""Publishes the specification when the service starts, and records the changelog at the end of each UTC day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from couvert.commands.changelog import RecordChangelog
from couvert.domain.changelog import ms_to_midnight
from couvert.domain.refusals import Unavailable

NAP_SECONDS: Final = 600.0
"""Clocks are set and machines sleep: midnight is looked for again at least this often."""
RETRY_SECONDS: Final = 60.0

log = structlog.get_logger()


class ChangelogWorker:
    def __init__(
        self,
        changelog: RecordChangelog,
        document: Callable[[], bytes],
        now_ms: Callable[[], int],
        *,
        nap_seconds: float = NAP_SECONDS,
    ) -> None:
        self._changelog = changelog
        self._document = document
        self._now_ms = now_ms
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
        is_published = False
        while True:
            try:
                if is_published:
                    await self._changelog.end_day()
                else:
                    await self._changelog.publish(await asyncio.to_thread(self._document))
                    is_published = True
            except Unavailable as trouble:
                log.warning("changelog.not_recorded", trouble=trouble.message)
                await asyncio.sleep(min(RETRY_SECONDS, self._nap_seconds))
            except Exception:
                # A specification that cannot be compared is for a person to look at; mail goes on.
                log.exception("changelog.not_recorded")
                await asyncio.sleep(self._nap_seconds)
            else:
                # One millisecond more, so that it is tomorrow by any rounding.
                await asyncio.sleep(min((ms_to_midnight(self._now_ms()) + 1) / 1000, self._nap_seconds))

"""What `couvert serve` does beside delivering, a bit at the end of an invocation: notices, results, dead letters."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from couvert import wiring
from couvert.aws_lambda.time_left import TimeLeft
from couvert.delivery.sqs import QueueTrouble
from couvert.domain.refusals import Unavailable
from couvert.wiring import Parts

log = structlog.get_logger()


class Chores:
    def __init__(self, parts: Parts) -> None:
        """Raises `WrongSetting`."""
        self._read_notices = parts.read_notices
        self._results = wiring.results_of(parts)
        self._dead_letters = wiring.dead_letters_of(parts)
        self._notice_queue = wiring.notice_queue_of(parts)

    async def start(self) -> None:
        if self._results is not None:
            with suppress(Unavailable):
                await self._results.begin()

    async def do(self, time: TimeLeft) -> None:
        """As far as the time allows. What goes wrong is done again next time, and stops none of the others."""
        await self._each("notices", self._read_notices.read_due, time)
        if self._results is not None:
            await self._each("results", self._results.step, time)
            await self._results.rest()
        await self._each("dead_letters", self._dead_letters.copy, time)
        await self._dead_letters.rest()
        if self._notice_queue is not None:
            # The last, for it takes what time there is while there is a crowd in it.
            await self._each("notice_queue", self._fetch_notices, time)
            await self._notice_queue.rest()

    async def _fetch_notices(self) -> int:
        """Without waiting for any: what SQS does not show at once comes with the next invocation."""
        assert self._notice_queue is not None
        fetched = await self._notice_queue.turn(wait_seconds=0)
        while await self._read_notices.read_due():
            pass
        return fetched

    async def _each(self, name: str, step: Callable[[], Awaitable[int]], time: TimeLeft) -> None:
        try:
            async with asyncio.timeout(time.to_finish):
                while await step():
                    pass
        except TimeoutError:
            log.warning("chore.waits", chore=name, trouble="the invocation ends")
        except (QueueTrouble, Unavailable, sqlite3.Error) as trouble:
            log.warning("chore.waits", chore=name, trouble=str(trouble))

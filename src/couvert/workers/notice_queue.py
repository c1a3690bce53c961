"""Fetches notices from a queue; a message is deleted there once it is kept here, and so is never lost."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from couvert.commands.notice_intake import TakeNotices
from couvert.delivery.sqs import WAIT_SECONDS, Queue, QueueTrouble
from couvert.store.notices import Source
from couvert.workers.tasks import again_and_again, at_work


class NoticeQueue:
    def __init__(self, queue: Queue, notices: TakeNotices) -> None:
        self._queue = queue
        self._notices = notices

    def at_work(self) -> AbstractAsyncContextManager[None]:
        return at_work(self._run)

    async def _run(self) -> None:
        try:
            await again_and_again(self.turn, "notice_queue", (QueueTrouble,))
        finally:
            await self.rest()

    async def turn(self, wait_seconds: int = WAIT_SECONDS) -> int:
        """How many came in that time, ten at most. Raises `QueueTrouble` and `Unavailable`."""
        received = await self._queue.receive(wait_seconds=wait_seconds)
        if received:
            await self._notices.keep(Source.SQS, [message.body.encode("utf-8", "replace") for message in received])
            await self._queue.delete([message.receipt for message in received])
        return len(received)

    async def rest(self) -> None:
        """Close the connections; the next turn opens its own."""
        await self._queue.close()

"""Fetches notices from a queue; a message is deleted there once it is kept here, and so is never lost."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from couvert.commands.notice_intake import TakeNotices
from couvert.delivery.sqs import Queue, QueueTrouble
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
            await self._queue.close()

    async def turn(self) -> None:
        received = await self._queue.receive()
        if not received:
            return
        await self._notices.keep(Source.SQS, [message.body.encode("utf-8", "replace") for message in received])
        await self._queue.delete([message.receipt for message in received])

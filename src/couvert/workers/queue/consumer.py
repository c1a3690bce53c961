"""Receives messages of the bulk queue; each is deleted there once what became of it is committed here.

One receiver waits for messages. While they come by the handful, more receive beside it: SQS gives ten a call at most,
and a call takes its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final, Protocol

import structlog

from couvert.commands.queue_intake import OURS, Fate, Malformed, NotNow, Ours, QueueMessage, TakeMessages
from couvert.delivery.sqs import Queue, QueueTrouble, Received
from couvert.delivery.sqs.queue import WAIT_SECONDS
from couvert.domain.refusals import Unavailable
from couvert.workers.queue.dead_letters import DeadLetters
from couvert.workers.tasks import again_and_again, at_work

HANDFUL: Final = 5
"""Of at most ten; SQS gives fewer than there are, at times."""
MOST_HELPERS: Final = 15
STOP_SECONDS: Final = 5.0
"""For what was received to be committed and deleted; otherwise it comes again, which does no harm."""

log = structlog.get_logger()


class HandsOver(Protocol):
    async def take_over(self, deliveries: Sequence[int]) -> list[int]:
        """Those that wait in the queue's name are handed over from here, or due for anybody. Raises `Unavailable`."""


class QueueConsumer:
    def __init__(self, queue: Queue, intake: TakeMessages, courier: HandsOver, dead_letters: DeadLetters) -> None:
        self._queue = queue
        self._intake = intake
        self._courier = courier
        self._dead_letters = dead_letters
        self._helpers: set[asyncio.Task[None]] = set()
        self._in_hand: set[asyncio.Task[None]] = set()

    def at_work(self) -> AbstractAsyncContextManager[None]:
        return at_work(self._run)

    async def _run(self) -> None:
        try:
            await again_and_again(self.turn, "queue", (QueueTrouble,))
        finally:
            for helper in self._helpers:
                helper.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*self._in_hand, return_exceptions=True), STOP_SECONDS)
            await self._queue.close()

    async def turn(self) -> None:
        """Raises `QueueTrouble`, and `Unavailable` if nothing of what was received could be kept."""
        await self._receive(WAIT_SECONDS)

    async def _receive(self, wait_seconds: int) -> bool:
        """Whether there was anything."""
        received = await self._queue.receive(wait_seconds=wait_seconds, attributes=(OURS,))
        if len(received) >= HANDFUL and len(self._helpers) < MOST_HELPERS:
            _started(self._help(), self._helpers)
        if received:
            # To be ended, also when told to stop meanwhile.
            await asyncio.shield(_started(self._settle(received), self._in_hand))
        return bool(received)

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _help(self) -> None:
        """As long as messages come at once. What goes wrong is met again, and told, by the first receiver."""
        try:
            while await self._receive(wait_seconds=1):
                pass
        except (QueueTrouble, Unavailable):
            pass
        except Exception:
            log.exception("queue.helper_stumbled")

    async def _settle(self, received: Sequence[Received]) -> None:
        fates = await self._intake.take([QueueMessage(each.id, each.body, each.attributes) for each in received])
        await self._courier.take_over([fate.delivery_id for fate in fates if isinstance(fate, Ours)])
        if any(isinstance(fate, Malformed) for fate in fates):
            self._dead_letters.wake()
        await self._delete(received, fates)

    async def _delete(self, received: Sequence[Received], fates: Sequence[Fate]) -> None:
        settled = zip(received, fates, strict=True)
        receipts = [each.receipt for each, fate in settled if not isinstance(fate, NotNow)]
        if receipts:
            await self._queue.delete(receipts)
        elif isinstance(fates[0], NotNow):
            # All of them: then it is not the messages, and there is no use in receiving more.
            raise Unavailable(fates[0].why)


def _started(work: Coroutine[None, None, None], among: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    among.add(task)
    task.add_done_callback(among.discard)
    return task

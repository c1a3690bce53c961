"""Malformed messages go from the vault to the dead-letter queue, where there is one; without one they stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog

from couvert.delivery.sqs import NotTaken, Outgoing, Queue, QueueTrouble, packed
from couvert.store.changes import Change
from couvert.store.messages import MalformedMessage
from couvert.store.port import Store
from couvert.workers.tasks import again_and_again, at_work

FAULT: Final = "couvert-fault"
"""The attribute of a copy that says what is wrong with it."""
LONGEST_FAULT: Final = 500
AT_A_TIME: Final = 100
NAP_SECONDS: Final = 60.0
"""After which a look is taken anyway: a process may have died between keeping a message and copying it."""

log = structlog.get_logger()


class DeadLetters:
    def __init__(self, store: Store, queue: Queue | None, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._queue = queue
        self._now_ms = now_ms
        self._refused: set[str] = set()
        """By the dead-letter queue, for good: they stay here, as all do without one."""
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        self._wanted.set()

    def at_work(self) -> AbstractAsyncContextManager[None]:
        return at_work(self._run)

    async def rest(self) -> None:
        """Close connections; the next copy opens them anew."""
        if self._queue is not None:
            await self._queue.close()

    async def copy(self) -> int:
        """How many went there; once they are there, their bodies are gone from here. Raises `QueueTrouble`."""
        if self._queue is None:
            return 0
        kept = await self._store.kept_messages(AT_A_TIME + len(self._refused))
        due = [message for message in kept if message.message_id not in self._refused]
        copied = 0
        for batch in packed(map(_copy_of, due), await self._queue.largest()) if due else ():
            ends = await self._queue.send(batch)
            copied += await self._bury(due[: len(batch)], ends)
            due = due[len(batch) :]
        return copied

    async def _bury(self, messages: Sequence[MalformedMessage], ends: Sequence[NotTaken | None]) -> int:
        copied: list[str] = []
        for message, end in zip(messages, ends, strict=True):
            if end is None:
                copied.append(message.message_id)
                continue
            log.warning("dead_letters.not_taken", message=message.message_id, why=end.why)
            if end.is_final:
                self._refused.add(message.message_id)
        if copied:
            await self._store.commit(Change(at=self._now_ms(), buried=copied))
        return len(copied)

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _run(self) -> None:
        if self._queue is None:
            return
        try:
            await again_and_again(self._turn, "dead_letters", (QueueTrouble,))
        finally:
            await self._queue.close()

    async def _turn(self) -> None:
        self._wanted.clear()
        if await self.copy():
            return
        try:
            async with asyncio.timeout(NAP_SECONDS):
                await self._wanted.wait()
        except TimeoutError:
            pass


def _copy_of(message: MalformedMessage) -> Outgoing:
    assert message.body is not None
    return Outgoing(message.body, {FAULT: message.fault[:LONGEST_FAULT]})

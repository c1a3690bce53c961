"""What runs while a process serves, each entered and left as a context."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from couvert.api.v1.results import result_of, result_of_malformed
from couvert.readmodels.results import ResultSource
from couvert.wiring.clocks import now_ms
from couvert.wiring.parts import Parts
from couvert.wiring.queues import queue_of
from couvert.workers.bounce_mailbox import BounceMailbox

if TYPE_CHECKING:
    from couvert.workers.notice_queue import NoticeQueue
    from couvert.workers.queue.dead_letters import DeadLetters
    from couvert.workers.results import Results

OPEN_SECONDS: Final = 2.0
"""For the read models' file to be there when the first request is."""


@asynccontextmanager
async def running(parts: Parts, *, delivers: bool, follows: bool = False) -> AsyncIterator[None]:
    """The courier and the read models' follower at work; in the end, what is in flight ends and the store is closed."""
    if follows:
        parts.store.on_commit(parts.follower.wake)
        parts.store.on_commit(parts.feed.committed)
        parts.follower.start()
        await asyncio.to_thread(parts.follower.wait_until_open, OPEN_SECONDS)
    parts.accounts.uses.start()
    if delivers:
        parts.courier.start()
    try:
        yield
    finally:
        await parts.courier.stop()  # Which may have been started later than here.
        if follows:
            await asyncio.to_thread(parts.follower.stop)
        await parts.accounts.uses.stop()
        await asyncio.to_thread(parts.reading.close)
        await parts.store.close()


@asynccontextmanager
async def notices_at_work(parts: Parts) -> AsyncIterator[None]:
    """Notices are fetched from wherever the settings say, and read. Raises `WrongSetting`."""
    settings = parts.settings
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(parts.notice_reader.at_work())
        if settings.bounce_mailbox is not None:
            await stack.enter_async_context(BounceMailbox(settings.bounce_mailbox, parts.take_notices).at_work())
        if (notice_queue := notice_queue_of(parts)) is not None:
            await stack.enter_async_context(notice_queue.at_work())
        yield


def notice_queue_of(parts: Parts) -> NoticeQueue | None:
    """None if the settings name none. Raises `WrongSetting`."""
    queue = queue_of(parts.settings, "notice_queue_url")
    if queue is None:
        return None
    from couvert.workers.notice_queue import NoticeQueue

    return NoticeQueue(queue, parts.take_notices)


@asynccontextmanager
async def bulk_at_work(parts: Parts) -> AsyncIterator[None]:
    """Bulk mail comes in by the queue, and goes out by it, if the settings name one. Raises `WrongSetting`."""
    queue = queue_of(parts.settings, "queue_url")
    if queue is None:
        yield
        return
    from couvert.workers.queue.consumer import QueueConsumer

    dead_letters = dead_letters_of(parts)
    consumer = QueueConsumer(queue, parts.take_messages, parts.courier, dead_letters)
    async with AsyncExitStack() as stack:
        if parts.publisher is not None:
            await stack.enter_async_context(parts.publisher.at_work())
        await stack.enter_async_context(dead_letters.at_work())
        await stack.enter_async_context(consumer.at_work())
        yield


def dead_letters_of(parts: Parts) -> DeadLetters:
    """Raises `WrongSetting`."""
    from couvert.workers.queue.dead_letters import DeadLetters

    return DeadLetters(parts.store, queue_of(parts.settings, "dead_letter_queue_url"), now_ms)


@asynccontextmanager
async def results_at_work(parts: Parts) -> AsyncIterator[None]:
    """The result queue is told, if the settings name one. To be entered before bulk comes in: what happened before is
    not told. Raises `WrongSetting`.
    """
    results = results_of(parts)
    if results is None:
        yield
        return
    parts.store.on_commit(results.wake)
    async with results.at_work():
        yield


def results_of(parts: Parts) -> Results | None:
    """None if the settings name no result queue. Raises `WrongSetting`."""
    queue = queue_of(parts.settings, "result_queue_url")
    if queue is None:
        return None
    from couvert.workers.results import Results, Wording

    source = ResultSource(parts.settings.data_dir)
    return Results(parts.store, source, queue, Wording(result_of, result_of_malformed), now_ms)

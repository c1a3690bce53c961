"""A worker that runs beside others until its process stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from couvert.domain.refusals import Unavailable

LONGEST_PAUSE_SECONDS: Final = 30.0

log = structlog.get_logger()


@asynccontextmanager
async def at_work(run: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """`run` until the block ends."""
    task = asyncio.get_running_loop().create_task(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def again_and_again(
    turn: Callable[[], Awaitable[object]], name: str, trouble: tuple[type[Exception], ...] = ()
) -> None:
    """Turn after turn; after one that failed, a pause that grows. Only cancellation ends it."""
    pause = 1.0
    while True:
        try:
            await turn()
            pause = 1.0
            continue
        except Unavailable as refusal:
            log.warning("worker.waits", worker=name, trouble=refusal.message)
        except trouble as fault:
            log.warning("worker.waits", worker=name, trouble=str(fault))
        except Exception:
            # A bug in here is for a person to look at; nothing is lost meanwhile, and the service goes on.
            log.exception("worker.stumbled", worker=name)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

"""Keeps the process that tells webhooks running: from the first webhook on, and again when it died."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.port import Store

LOOK_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""Who ran for so long died of something new."""
STOP_SECONDS: Final = 3.0

log = structlog.get_logger()


class Keeper:
    def __init__(self, store: Store, command: Sequence[str]) -> None:
        """`command` runs until the end of its standard input: so it ends too when this process is killed."""
        self._store = store
        self._command = command

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        loop, pause = asyncio.get_running_loop(), LOOK_SECONDS
        while True:
            await self._until_needed()
            started = loop.time()
            try:
                await self._run_once()
            except OSError as trouble:
                log.warning("webhooks.not_started", trouble=str(trouble))
            pause = LOOK_SECONDS if loop.time() - started > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause)

    async def _until_needed(self) -> None:
        while True:
            with suppress(Unavailable):
                if await self._store.webhooks():
                    return
            await asyncio.sleep(LOOK_SECONDS)

    async def _run_once(self) -> None:
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE)
        try:
            code = await process.wait()
            log.warning("webhooks.process_ended", code=code)
        finally:
            await _ended(process)


async def _ended(process: Process) -> None:
    """Asked first, then killed: it keeps nothing that a kill could lose."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

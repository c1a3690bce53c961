"""When each token was last used: kept in mind, and written for all of them together twice a minute."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from couvert.domain.refusals import Unavailable
from couvert.store.port import Store

FLUSH_SECONDS: Final = 30.0

log = structlog.get_logger()


class TokenUses:
    """Of one process. What a process that dies has in mind is lost: half a minute of a time that nobody decides by."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._used_at: dict[int, int] = {}
        self._flushing: asyncio.Task[None] | None = None

    def note(self, token: int, at: int) -> None:
        self._used_at[token] = at

    def noted(self, token: int) -> int | None:
        """What is not written yet, for whoever shows it."""
        return self._used_at.get(token)

    async def flush(self) -> None:
        used_at = dict(self._used_at)
        if not used_at:
            return
        try:
            await self._store.note_token_uses(used_at)
        except Unavailable as trouble:
            log.warning("token_uses.wait", trouble=trouble.message, tokens=len(used_at))
            return
        self._used_at = {token: at for token, at in self._used_at.items() if used_at.get(token) != at}

    def start(self) -> None:
        self._flushing = asyncio.get_running_loop().create_task(self._flush_again_and_again())

    async def stop(self) -> None:
        """And write what is left."""
        if self._flushing is not None:
            self._flushing.cancel()
            with suppress(asyncio.CancelledError):
                await self._flushing
        await self.flush()

    async def _flush_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

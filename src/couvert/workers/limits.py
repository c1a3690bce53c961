"""Learns what an account may send, and tells the other processes what its provider says meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Final

import structlog

from couvert.delivery.account import Account
from couvert.delivery.transport import Unreachable
from couvert.domain.pace import AccountLimits
from couvert.domain.refusals import Unavailable
from couvert.store.pace import PaceBook

LEARN_SECONDS: Final = 60.0

log = structlog.get_logger()


class Limits:
    """One account's, as one process knows them."""

    def __init__(self, book: PaceBook, account: Account, now_us: Callable[[], int]) -> None:
        self._book = book
        self._account = account
        self._now_us = now_us
        self._is_held = False
        self._notes: set[asyncio.Task[None]] = set()
        """The event loop holds tasks only weakly."""
        self.per_second = account.fallback.per_second

    async def keep_learning(self) -> None:
        """Ask the provider each minute what the account may send. Runs until cancelled."""
        while True:
            try:
                await self.learn()
            except Unavailable as trouble:
                log.warning("pace.not_kept", trouble=trouble.message)
            except Exception:
                # Whatever it is, the last known limits stay in force, and the next minute is another chance.
                log.exception("pace.not_learned")
            await asyncio.sleep(LEARN_SECONDS * (0.9 + random.random() / 5))  # noqa: S311 - no secret

    async def learn(self) -> None:
        """If nobody else has, lately."""
        now, name = self._now_us(), await self._account.name()
        stored = await self._book.pace(name)
        if stored is None or not 0 <= now // 1_000 - stored.learned_at < LEARN_SECONDS * 900:
            limits, trouble = await self._asked(name)
            await self._book.learn_pace(name, limits, now, trouble)
            self.per_second = limits.per_second
        else:
            self.per_second = stored.pace.per_second
        self._is_held = self._is_held or (stored is not None and stored.held is not None)

    def throttled(self) -> None:
        """The provider wants less; all processes slow down."""
        log.warning("pace.throttled")
        now = self._now_us()
        self._keep(lambda name: self._book.slow_pace(name, now))

    def held(self, reason: str | None) -> None:
        """The provider takes nothing of ours, or does again: remembered for those who ask from outside."""
        if (reason is None) is self._is_held:
            self._is_held = reason is not None
            self._keep(lambda name: self._book.hold_pace(name, reason))

    async def noted(self) -> None:
        """Once what was heard is kept."""
        await asyncio.gather(*self._notes)

    async def _asked(self, name: str) -> tuple[AccountLimits, str | None]:
        try:
            return await self._account.limits(), None
        except Unreachable as trouble:
            log.error("pace.assumed", account=name, trouble=str(trouble))  # noqa: TRY400 - the reason says it all
            return self._account.fallback, str(trouble)

    def _keep(self, note: Callable[[str], Coroutine[None, None, None]]) -> None:
        task = asyncio.create_task(self._kept(note))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _kept(self, note: Callable[[str], Coroutine[None, None, None]]) -> None:
        try:
            await note(await self._account.name())
        except Unavailable as trouble:
            log.warning("pace.not_kept", trouble=trouble.message)

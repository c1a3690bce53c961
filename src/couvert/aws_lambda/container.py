"""What a container keeps from one invocation to the next: an event loop, and all parts wired to it once.

Between two invocations it is frozen, for any time, and its clocks may stand still as well. So at the end of each
nothing is under way: what was begun has ended, leases are given back, connections are closed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, Self, TypeVar

import structlog

from couvert import logs, wiring
from couvert.aws_lambda.chores import Chores
from couvert.aws_lambda.time_left import TimeLeft
from couvert.domain.refusals import Unavailable
from couvert.settings import Settings, WrongSetting
from couvert.wiring import Parts, ServeLock

T = TypeVar("T")

LOOK_SECONDS: Final = 0.02

log = structlog.get_logger()


class Container:
    def __init__(self, parts: Parts, lock: ServeLock) -> None:
        """`lock` is held for as long as this lives: nobody else works on the same files."""
        self.parts = parts
        self._lock = lock
        self._chores = Chores(parts)
        self._life = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)  # for libraries that ask for it between two runs

    @classmethod
    def open(cls, *, answers: bool) -> Self:
        """As the environment says; `answers`: it has doors. Raises `WrongSetting`, which fails the init."""
        try:
            settings = Settings.read()
            logs.configure(settings.log_level)
            lock = ServeLock(settings.data_dir)
            lock.take()
            wiring.refuse_forgotten(settings)
            container = cls(wiring.open_parts(settings, is_server=True), lock)
            wiring.remember_provider(settings)
        except WrongSetting:
            sys.tracebacklimit = 0  # the runtime prints what is raised, and the sentence says it all
            raise
        container.run(container._start(answers=answers))
        return container

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    @asynccontextmanager
    async def sending(self, time: TimeLeft, *, takes_due: bool) -> AsyncIterator[None]:
        """Hand-overs are possible within, and are over after it; with `takes_due`, of whatever waits in the queue."""
        courier, publisher = self.parts.courier, self.parts.publisher
        courier.start(takes_due=takes_due)
        try:
            yield
            if publisher is not None:
                with suppress(TimeoutError):  # in two minutes they are due for anybody
                    await asyncio.wait_for(publisher.published(), time.to_begin)
        finally:
            await courier.rest(time.to_hand_over)
            if publisher is not None:
                await publisher.rest()

    async def deliver(self, time: TimeLeft, *, ours: Sequence[int] = ()) -> None:
        """What is due, and what waits for whoever received `ours`, as far as the time allows; the rest is for whoever
        has the database.
        """
        async with self.sending(time, takes_due=True):
            with suppress(Unavailable):  # as above
                await self.parts.courier.take_over(ours)
            while time.to_begin > 0 and await self._has_more():  # noqa: ASYNC110 - other processes set no event
                await asyncio.sleep(LOOK_SECONDS)
        await self._chores.do(time)

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _start(self, *, answers: bool) -> None:
        await self._life.enter_async_context(wiring.running(self.parts, delivers=False, follows=answers))
        await self._chores.start()
        if answers:
            await self._open_doors()

    async def _open_doors(self) -> None:
        if self.parts.publisher is not None:
            await self._life.enter_async_context(self.parts.publisher.at_work())
        if (link := await wiring.invitation(self.parts)) is not None:
            log.warning("console.waits_for_first_admin", link=link)

    async def _has_more(self) -> bool:
        """Something is due or under way, and the provider is there."""
        courier = self.parts.courier
        if courier.trouble is not None:
            return False
        if courier.is_at_work:
            return True
        try:
            due = await self.parts.store.next_wake()
        except Unavailable:
            return False
        return due is not None and due <= wiring.now_ms()

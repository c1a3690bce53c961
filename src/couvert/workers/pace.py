"""Takes slots of an account's schedule for this process's hands, a short block at a time, and learns what is allowed.

A slot is given out a moment before it comes, so that *begun* can be committed meanwhile; the message leaves when it
comes. So what the commit takes, now more, now less, does not bring two messages closer together than their slots.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from heapq import heappop, heappush
from typing import Final

import structlog

from couvert.delivery.account import Account
from couvert.delivery.transport import Unreachable
from couvert.domain.pace import AccountLimits, Slots
from couvert.domain.refusals import Unavailable
from couvert.store.pace import PaceBook
from couvert.tallies import Histogram

LEAD_SECONDS: Final = 0.01
"""For the message to be built and *begun* to be committed."""
LATE_SECONDS: Final = 0.02
"""A slot that is over for longer is missed; the next one is taken."""
BLOCK_SECONDS: Final = 0.1
"""How much of the schedule is reserved at once: what a process that dies, or has nothing to send, takes along."""
AHEAD_SECONDS: Final = 0.05
"""How long before the end of a block the next one is reserved."""
SHORT_SECONDS: Final = 0.25
LEARN_SECONDS: Final = 60.0
WAIT_SECONDS: Final = 5.0
"""When the day's quota is used up, or the store is away."""

log = structlog.get_logger()

Slot = float
"""When it comes, by the monotonic clock."""


class Pacer:
    """One account's pace, as one process keeps it."""

    def __init__(self, book: PaceBook, account: Account, now_us: Callable[[], int]) -> None:
        self._book = book
        self._account = account
        self._now_us = now_us
        self._block: list[Slot] = []
        self._last: Slot = 0.0
        self._per_second = account.fallback.per_second
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._stopped = asyncio.Event()
        self._notes: set[asyncio.Task[None]] = set()
        """The event loop holds tasks only weakly."""
        self._is_held = False
        self.trouble: str | None = None
        """Why there are no slots for a long time, None if there are."""
        self.waits = Histogram()
        """How long hands waited for their slots, in seconds."""

    @property
    def per_second(self) -> float:
        return self._per_second

    async def slot(self) -> Slot | None:
        """Wait until a moment before the next slot; None once stopped: then there is nothing to send."""
        began = time.monotonic()
        at = await self._next_in_turn()
        if at is not None:
            await self._sleep(at - LEAD_SECONDS - time.monotonic())
        self.waits.observe(time.monotonic() - began)
        return at

    async def soon(self) -> Slot | None:
        """A slot that comes at once, if nobody waits for one; otherwise None."""
        if self._turn.locked() or self.trouble is not None or self._last - time.monotonic() > AHEAD_SECONDS:
            return None
        at = await self._next_in_turn()
        if at is not None and at - time.monotonic() > AHEAD_SECONDS:
            self.put_back(at)
            return None
        return at

    def put_back(self, slot: Slot) -> None:
        """It was not used; somebody else here may, if it is still to come."""
        heappush(self._block, slot)

    async def come(self, slot: Slot) -> bool:
        """Wait for the slot or, if it was missed, for another one; whether there is one."""
        at: Slot | None = slot
        while at is not None and time.monotonic() - at > LATE_SECONDS:
            at = await self.slot()
        if at is None:
            return False
        seconds = at - time.monotonic()
        if seconds > 0:
            await asyncio.sleep(seconds)
        return True

    def throttled(self) -> None:
        """The provider wants less; all processes slow down."""
        log.warning("pace.throttled", account=self._account.name)
        self._keep(self._book.slow_pace(self._account.name, self._now_us()))

    def held(self, reason: str | None) -> None:
        """The provider takes nothing of ours, or does again: remembered for those who ask from outside."""
        if (reason is None) is self._is_held:
            self._is_held = reason is not None
            self._keep(self._book.hold_pace(self._account.name, reason))

    async def keep_learning(self) -> None:
        """Ask the provider each minute what the account may send. Runs until cancelled."""
        while True:
            try:
                await self._learn()
            except Unavailable as trouble:
                log.warning("pace.not_kept", account=self._account.name, trouble=trouble.message)
            except Exception:
                # Whatever it is, the last known limits stay in force, and the next minute is another chance.
                log.exception("pace.not_learned", account=self._account.name)
            await asyncio.sleep(LEARN_SECONDS * (0.9 + random.random() / 5))  # noqa: S311 - no secret

    def start(self) -> None:
        self._stopped.clear()
        self.trouble = None  # that was then

    def stop(self) -> None:
        """Nobody waits any longer; what is reserved is lost, for who knows when there will be a `start`."""
        self._stopped.set()
        self._block.clear()

    async def noted(self) -> None:
        """Once all is kept that was heard."""
        await asyncio.gather(*self._notes)

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _next_in_turn(self) -> Slot | None:
        self._waiting += 1
        try:
            async with self._turn:
                return await self._next()
        finally:
            self._waiting -= 1

    async def _next(self) -> Slot | None:
        while not self._stopped.is_set():
            now = time.monotonic()
            while self._block:
                at = heappop(self._block)
                if at >= now - LATE_SECONDS:
                    return at
            await self._sleep(self._last - AHEAD_SECONDS - now)
            await self._reserve()
        return None

    async def _reserve(self) -> None:
        await asyncio.sleep(0)  # Those who become free in the same turn of the loop ask together.
        most = max(1, min(self._waiting, int(self._per_second * BLOCK_SECONDS)))
        soonest = self._now_us() + int(LEAD_SECONDS * 1e6)  # A slot that comes before it can be used is missed.
        try:
            slots = await self._book.reserve_slots(self._account.name, most, soonest)
        except Unavailable as trouble:
            log.warning("pace.waits", account=self._account.name, trouble=trouble.message)
            await self._sleep(1.0)
            return
        if slots is None:
            await self._learn()
        elif slots.number == 0:
            await self._wait_for_quota()
        else:
            self.trouble = None
            self._put(slots)

    def _put(self, slots: Slots) -> None:
        first = time.monotonic() + (slots.first_at - self._now_us()) / 1e6
        self._block = [first + n * slots.apart / 1e6 for n in range(slots.number)]
        self._last = self._block[-1]

    async def _wait_for_quota(self) -> None:
        if self.trouble is None:
            self.trouble = f"the daily quota of {self._account.name} is used up"
            log.error("pace.quota_used_up", account=self._account.name)
        await self._sleep(WAIT_SECONDS)

    async def _learn(self) -> None:
        """If nobody else has, lately."""
        now = self._now_us()
        stored = await self._book.pace(self._account.name)
        if stored is None or not 0 <= now // 1_000 - stored.learned_at < LEARN_SECONDS * 900:
            limits, trouble = await self._asked()
            await self._book.learn_pace(self._account.name, limits, now, trouble)
            self._per_second = limits.per_second
        else:
            self._per_second = stored.pace.per_second
        self._is_held = self._is_held or (stored is not None and stored.held is not None)

    async def _asked(self) -> tuple[AccountLimits, str | None]:
        try:
            return await self._account.limits(), None
        except Unreachable as trouble:
            log.error(  # noqa: TRY400 - the reason says it all
                "pace.assumed", account=self._account.name, trouble=str(trouble)
            )
            return self._account.fallback, str(trouble)

    def _keep(self, what: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._kept(what))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _kept(self, what: Coroutine[None, None, None]) -> None:
        try:
            await what
        except Unavailable as trouble:
            log.warning("pace.not_kept", account=self._account.name, trouble=trouble.message)

    async def _sleep(self, seconds: float) -> None:
        """Or until stopped, if it is long: waiting for two things takes 30 us."""
        if seconds <= 0 or self._stopped.is_set():
            return
        if seconds < SHORT_SECONDS:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

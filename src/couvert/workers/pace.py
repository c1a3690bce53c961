"""Takes slots of an account's schedule for this process's hands, a short block at a time.

Slots are given out a few beats before they come, so that *begun* can be committed meanwhile; the message leaves on the
beat after its slot. So what the commit takes, now more, now less, does not bring two messages closer together than the
margin of the rate allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from couvert.delivery.account import Account
from couvert.domain.pace import Slots
from couvert.domain.refusals import Unavailable
from couvert.store.pace import PaceBook
from couvert.tallies import Histogram
from couvert.workers.beat import Beat, number
from couvert.workers.block import LATE_SECONDS, LEAD_BEATS, LEAD_SECONDS, Block, Slot
from couvert.workers.limits import Limits

BLOCK_SECONDS: Final = 0.1
"""How much of the schedule is reserved at once: what a process that dies takes along."""
AHEAD_SECONDS: Final = 0.05
"""How long before the end of a block the next one is reserved."""
WAIT_SECONDS: Final = 5.0
"""When the day's quota is used up."""
TROUBLE_SECONDS: Final = 1.0
"""When the store is away."""

log = structlog.get_logger()


class Pacer:
    """One account's pace, as one process keeps it."""

    def __init__(self, book: PaceBook, account: Account, now_us: Callable[[], int]) -> None:
        self._book = book
        self._account = account
        self._now_us = now_us
        self._block = Block()
        self._reserving: asyncio.Task[None] | None = None
        self._asking = 0
        self._beat = Beat()
        self._turns = Beat()
        """Of those who wait for what is reserved; one that is put back is there sooner."""
        self._stopped = asyncio.Event()
        self.limits = Limits(book, account, now_us)
        self.trouble: str | None = None
        """Why there are no slots for a long time, None if there are."""
        self.waits = Histogram()

    async def slots(self, most: int, wanted: int) -> list[Slot]:
        """Wait until a moment before the next one; up to `most` of the same beat. None once stopped: then there is
        nothing to send.

        So many are `wanted` in all, and will be used: what is reserved for this process, others cannot have.
        """
        began = time.monotonic()
        self._asking += 1
        try:
            while not self._stopped.is_set():
                first = self._block.next()
                self._reserve_ahead(wanted)
                if first is None:
                    await self._reserved()
                elif due := self._block.due(most):
                    for _ in due:
                        self.waits.observe(time.monotonic() - began)
                    return due
                else:
                    await self._turns.reach(number(first) - LEAD_BEATS)
            return []
        finally:
            self._asking -= 1

    def at_once(self, wanted: int) -> Slot | None:
        """One that can be given out now, without waiting for it; `wanted` as for `slots`."""
        if self._stopped.is_set() or self._block.next() is None:
            return None
        self._reserve_ahead(wanted)
        due = self._block.due(1)
        if not due:
            return None
        self.waits.observe(0.0)
        return due[0]

    async def soon(self) -> Slot | None:
        """A slot that comes at once, if nobody waits for one; otherwise None."""
        if self._asking or self.trouble is not None or self._block.seconds_left > AHEAD_SECONDS:
            return None
        if self._block.next() is None:
            self._reserve_ahead(1)
            await self._reserved()
        first = self._block.next()
        is_soon = first is not None and first - time.monotonic() <= AHEAD_SECONDS
        return self._block.pop() if is_soon else None

    def put_back(self, slot: Slot) -> None:
        """If it was not used, somebody else here may, as long as it is still to come."""
        if not slot.is_used:
            self._block.put_back(slot)
            self._turns.strike_all()

    async def come(self, slot: Slot) -> bool:
        """Wait for the slot or, if it was missed, for another one, and use it; whether there is one.

        It may be missed while it is waited for: those whose beat came while the process stood still must not leave
        together.
        """
        while True:
            await self._beat.reach(number(slot.at))
            if time.monotonic() - slot.at <= LATE_SECONDS:
                slot.is_used = True
                return True
            another = await self._first()
            if another is None:
                return False
            slot = another

    def start(self) -> None:
        """As if for the first time: how long ago it was stopped, no clock may know."""
        self._stopped.clear()
        self._block.clear()
        self.trouble = None

    def stop(self) -> None:
        """Nobody waits any longer."""
        self._stopped.set()
        self._turns.strike_all()

    async def rest(self) -> None:
        """Once stopped: return when nothing is under way in the store."""
        await self._reserved()
        await self.limits.noted()

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _first(self) -> Slot | None:
        """The next one that is reserved, for what is begun: who waits for the beat like all others may never get one.
        None once stopped.
        """
        self._asking += 1
        try:
            while not self._stopped.is_set():
                if self._block.next() is not None:
                    return self._block.pop()
                self._reserve_ahead(1)
                await self._reserved()
            return None
        finally:
            self._asking -= 1

    def _reserve_ahead(self, wanted: int) -> None:
        lacking = wanted - len(self._block)
        is_at_the_end = not self._block or self._block.seconds_left < AHEAD_SECONDS
        if lacking > 0 and is_at_the_end and self._reserving is None:
            self._reserving = asyncio.create_task(self._reserve(lacking))

    async def _reserved(self) -> None:
        if self._reserving is not None:
            await asyncio.shield(self._reserving)

    async def _reserve(self, lacking: int) -> None:
        most = max(1, min(lacking, int(self.limits.per_second * BLOCK_SECONDS)))
        soonest = self._now_us() + int(LEAD_SECONDS * 1e6)  # A slot that comes before it can be used is missed.
        try:
            await self._take(await self._book.reserve_slots(await self._account.name(), most, soonest))
        except Unavailable as trouble:
            log.warning("pace.waits", trouble=trouble.message)
            await self._sleep(TROUBLE_SECONDS)
        except Exception:
            # Whatever it is, who reserves no more sends no more: a silent loss.
            log.exception("pace.cannot_reserve")
            await self._sleep(TROUBLE_SECONDS)
        finally:
            self._reserving = None

    async def _take(self, slots: Slots | None) -> None:
        if slots is None:
            await self.limits.learn()
        elif slots.number == 0:
            await self._wait_for_quota()
        else:
            if self.trouble is not None:
                log.warning("pace.resumed")
                self.trouble = None
            self._block.reserved(slots, self._now_us())

    async def _wait_for_quota(self) -> None:
        if self.trouble is None:
            name = await self._account.name()
            self.trouble = f"the daily quota of {name} is used up"
            log.error("pace.quota_used_up", account=name)
        await self._sleep(WAIT_SECONDS)

    async def _sleep(self, seconds: float) -> None:
        """Or until stopped."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stopped.wait()
        except TimeoutError:
            return

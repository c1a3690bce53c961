"""A fixed number of hands: what they are at is begun at once, what they cannot take waits in a line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Generic, TypeVar

from couvert.domain.fairness import Line, Waits
from couvert.workers.block import Slot
from couvert.workers.pace import Pacer

Work = Coroutine[None, None, None]

J = TypeVar("J", bound=Waits)


class Hands(Generic[J]):
    def __init__(self, most: int, attend_to: Callable[[J], Work]) -> None:
        """`attend_to` never raises."""
        self._most = most
        self._attend_to = attend_to
        self._waiting = Line[J]()
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()
        """The event loop holds tasks only weakly."""

    @property
    def are_at_work(self) -> bool:
        return self._busy > 0 or bool(self._waiting)

    @property
    def waiting(self) -> Iterable[J]:
        """In no order."""
        return self._waiting

    def give(self, job: J) -> None:
        if self.reserve():
            self.take(self._work_through(job))
        else:
            self._waiting.put(job)

    def reserve(self) -> bool:
        """Whether a hand was free; it is now counted as busy, until `free`."""
        if self._busy >= self._most:
            return False
        self._busy += 1
        return True

    def free(self) -> None:
        self._busy -= 1
        if self._waiting and self.reserve():
            self.take(self._work_through(self._waiting.pop()))

    def take(self, work: Work) -> None:
        """Let a reserved hand do this; it is free afterwards."""
        self._start(self._done(work))

    def _start(self, work: Work) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def abandon(self) -> None:
        """Drop whatever is under way or waits, and what that gives to do when it is put down."""
        self._waiting = Line[J]()
        while tasks := list(self._tasks):
            await asyncio.sleep(0)  # Who is called back before it began does not even say that its hand is free.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._waiting = Line[J]()

    async def _done(self, work: Work) -> None:
        try:
            await work
        finally:
            self.free()

    async def _work_through(self, job: J) -> None:
        """One job after the other, as long as there are any."""
        await self._attend_to(job)
        while self._waiting:
            await self._attend_to(self._waiting.pop())


class PacedHands(Hands[J]):
    """A hand takes up what is most urgent when a slot is about to come."""

    def __init__(self, most: int, attend_to: Callable[[J, Slot | None], Work], pacer: Pacer) -> None:
        super().__init__(most, lambda job: attend_to(job, None))
        self._attend_in_slot = attend_to
        self._pacer = pacer
        self._freed = asyncio.Event()
        self._is_giving_out = False

    def give(self, job: J) -> None:
        self._waiting.put(job)
        if not self._is_giving_out:
            self._is_giving_out = True
            self._start(self._give_out())

    def free(self) -> None:
        self._busy -= 1
        self._freed.set()

    async def _give_out(self) -> None:
        try:
            while self._waiting:
                await self._a_hand()
                if self._waiting:  # the hands help themselves, too
                    await self._give_some_out()
        finally:
            self._is_giving_out = False

    async def _a_hand(self) -> None:
        while self._busy >= self._most:
            self._freed.clear()
            await self._freed.wait()

    async def _give_some_out(self) -> None:
        wanted = len(self._waiting)
        slots: list[Slot | None] = [*await self._pacer.slots(min(wanted, self._most - self._busy), wanted)]
        for slot in slots or [None]:
            if self._waiting and self.reserve():
                self.take(self._work_through_slots(self._waiting.pop(), slot))
            elif slot is not None:
                self._pacer.put_back(slot)

    async def _work_through_slots(self, job: J, slot: Slot | None) -> None:
        """One job after the other, as long as there are slots at once: always, where the pace limits nobody."""
        await self._attend_in_slot(job, slot)
        while self._waiting and (slot := self._pacer.at_once(len(self._waiting))) is not None:
            await self._attend_in_slot(self._waiting.pop(), slot)

"""Publishes to the result queue what the log says, at least once; nobody waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import islice
from typing import Final, NamedTuple

import structlog

from couvert.delivery.sqs import Outgoing, Queue, QueueTrouble, packed
from couvert.domain.refusals import Unavailable
from couvert.readmodels.results import Outcome, ResultSource
from couvert.store.changes import Change
from couvert.store.log import Position
from couvert.store.messages import MalformedMessage, ResultDue
from couvert.store.port import Store
from couvert.workers.tasks import again_and_again, at_work

CALLS_AT_ONCE: Final = 8
"""Of ten results each."""
MOST_DUE: Final = 1_000
LINGER_SECONDS: Final = 0.1
"""For what happens at the same time to leave in the same call."""
NAP_SECONDS: Final = 1.0
"""Commits of other processes wake nobody here."""
STRIDE: Final = 10_000
"""Events without a result after which it is remembered all the same how far was looked."""

log = structlog.get_logger()


class Wording(NamedTuple):
    """How results are written: by the door that reads the messages."""

    of_outcome: Callable[[Outcome], str]
    of_malformed: Callable[[MalformedMessage], str]


class _Page(NamedTuple):
    """Results that are published together, and what is remembered then."""

    results: Sequence[str]
    due: Sequence[int]
    end: Position
    is_last: bool


class Results:
    """Of one event loop. Several may publish side by side, and then tell some things twice."""

    def __init__(
        self, store: Store, source: ResultSource, queue: Queue, wording: Wording, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._source = source
        self._queue = queue
        self._wording = wording
        self._now_ms = now_ms
        self._page: _Page | None = None
        """Under way: after trouble it goes on from there."""
        self._unsent: list[Outgoing] = []
        self._is_careful = False
        """The last call was refused as a whole, perhaps for one message: they go one by one."""
        self._looked_to: Position | None = None
        self._remembered: Position = 0
        self._woken = asyncio.Event()

    def wake(self, _position: Position = 0) -> None:
        """Something was committed: a listener for `Store.on_commit`."""
        self._woken.set()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        with suppress(Unavailable):
            await self.begin()
        async with at_work(self._run):
            yield

    async def step(self) -> bool:
        """Publish the next results; whether there may be more. Raises `QueueTrouble`, `Unavailable`, sqlite3.Error."""
        if self._page is None:
            self._page = await self._next_page()
            self._unsent = list(map(Outgoing, self._page.results))
        while self._unsent:
            await self._send_some()
        await self._remember(self._page)
        is_last, self._page = self._page.is_last, None
        return not is_last

    async def begin(self) -> None:
        """Where nobody ever published, what happened before is nobody's to wait for. Raises `Unavailable`."""
        mark = await self._store.results_mark()
        if mark is None:
            mark = await self._store.position()
            await self._store.commit(Change(at=self._now_ms(), results_mark=mark))
        self._looked_to = self._remembered = mark

    async def rest(self) -> None:
        """Close connections; the next step opens them anew."""
        await self._queue.close()

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await again_and_again(self._turn, "results", (QueueTrouble, sqlite3.Error))
        finally:
            await self.rest()
            self._source.close()

    async def _turn(self) -> None:
        if await self.step():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(NAP_SECONDS):
                await self._woken.wait()
                await asyncio.sleep(LINGER_SECONDS)
        self._woken.clear()

    async def _next_page(self) -> _Page:
        if self._looked_to is None:
            await self.begin()
        after = self._looked_to or 0
        due = await self._store.results_due(MOST_DUE)
        look, again = await asyncio.to_thread(lambda: (self._source.look(after), self._outcomes(due)))
        malformed = [await self._store.malformed_message(each.message_id) for each in due if each.message_id]
        results = [
            *map(self._wording.of_outcome, [*look.outcomes, *again]),
            *map(self._wording.of_malformed, filter(None, malformed)),
        ]
        return _Page(results, [each.id for each in due], look.end, look.is_all and len(due) < MOST_DUE)

    def _outcomes(self, due: Sequence[ResultDue]) -> list[Outcome]:
        """Of messages that came again. What is still on its way has its result later."""
        found = (self._source.outcome(each.delivery_id) for each in due if each.delivery_id is not None)
        return [outcome for outcome in found if outcome is not None]

    async def _send_some(self) -> None:
        """A few calls side by side; what was not taken stays."""
        cut = ([message] for message in self._unsent) if self._is_careful else packed(self._unsent)
        batches = list(islice(cut, CALLS_AT_ONCE))
        ends = await asyncio.gather(*map(self._send, batches))
        left = [message for stayed, _ in ends for message in stayed]
        self._unsent[: sum(map(len, batches))] = left
        troubles = [trouble for _, trouble in ends if trouble is not None]
        self._is_careful = bool(troubles)
        if troubles:
            raise troubles[0]

    async def _send(self, batch: list[Outgoing]) -> tuple[list[Outgoing], QueueTrouble | None]:
        """What has to be sent again, and why."""
        try:
            refusals = await self._queue.send(batch)
        except QueueTrouble as trouble:
            return batch, trouble
        left: list[Outgoing] = []
        why: QueueTrouble | None = None
        for message, refusal in zip(batch, refusals, strict=True):
            if refusal is not None and refusal.is_final:
                # It would keep all that comes after it from being told.
                log.error("result.refused", why=refusal.why)
            elif refusal is not None:
                left.append(message)
                why = QueueTrouble(refusal.why)
        return left, why

    async def _remember(self, page: _Page) -> None:
        if page.results or page.due or page.end - self._remembered >= STRIDE:
            await self._store.commit(Change(at=self._now_ms(), results_told=page.due, results_mark=page.end))
            self._remembered = page.end
        self._looked_to = page.end

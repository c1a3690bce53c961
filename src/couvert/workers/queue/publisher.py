"""Puts our own bulk recipients into the queue, so that whoever consumes it may hand them over.

Each is committed first, in the queue's name for two minutes: long enough for its message to be received by somebody.
What the queue does not take is due for our own workers at once; what it loses, or what we did not get to before we
died, is due for them when the two minutes are over. So a message only ever says *look at this delivery*, never *send
this*.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import structlog

from couvert.commands.accept import Accepted, Lease
from couvert.commands.queue_intake import OURS
from couvert.delivery.sqs import AT_ONCE, Outgoing, Queue, QueueTrouble, packed
from couvert.delivery.sqs.queue import LARGEST_EVERYWHERE
from couvert.domain import ids
from couvert.domain.mail import AcceptMail, Recipient
from couvert.domain.refusals import Unavailable
from couvert.store.port import Store
from couvert.store.rows import QUEUE
from couvert.tallies import Tally
from couvert.workers.leases import clock

LEASE_MS: Final = 120_000
SENDERS: Final = 8
MOST_WAITING: Final = 50_000
"""Recipients that wait here for being published; beyond, our own workers are quicker."""
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
"""Before a queue that was out of reach is tried again. Meanwhile our own workers do it all."""

log = structlog.get_logger()

Worded = Callable[[Recipient], str]
"""The message about one recipient of a mail."""


class _Letter(NamedTuple):
    delivery_id: int
    recipient: Recipient
    worded: Worded

    def message(self) -> Outgoing:
        return Outgoing(self.worded(self.recipient), {OURS: ids.encode("dlv", self.delivery_id)})


class QueuePublisher:
    """Implements `commands.send.BulkQueue`."""

    def __init__(
        self,
        queue: Queue,
        store: Store,
        now_ms: Callable[[], int],
        *,
        wording: Callable[[AcceptMail, int], Worded],
        wake: Callable[[], None],
    ) -> None:
        """`wording` is given a mail and when it was accepted; `wake` tells our own worker that deliveries are due."""
        self._queue = queue
        self._store = store
        self._now_ms = now_ms
        self._wording = wording
        self._wake = wake
        self._waiting: asyncio.Queue[_Letter] = asyncio.Queue()
        self._largest = LARGEST_EVERYWHERE
        self._is_at_work = False
        self._away_until = 0.0
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self.outcomes = Tally()
        """Of recipients: `taken` by the queue, or `left` to our own workers."""

    # --- As the doors see it ------------------------------------------------------------------------------------------

    def lease(self, command: AcceptMail) -> Lease | None:
        is_full = self._waiting.qsize() >= MOST_WAITING
        is_scheduled = command.due_at is not None or command.expires_at is not None
        if is_full or is_scheduled or not self._is_reached or len(command.html or "") > self._largest:
            return None
        return Lease(QUEUE, self._now_ms() + LEASE_MS)

    def publish(self, accepted: Accepted, command: AcceptMail) -> None:
        worded = self._wording(command, accepted.at)
        for stored, recipient in zip(accepted.deliveries, command.recipients, strict=True):
            self._waiting.put_nowait(_Letter(stored.delivery.id, recipient, worded))

    @property
    def _is_reached(self) -> bool:
        return self._is_at_work and clock() >= self._away_until

    # --- Its life -----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        self._is_at_work = True
        works = self.learn(), *(self._keep_sending() for _ in range(SENDERS))
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            self._is_at_work = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._give_back([letter.delivery_id for letter in self._rest()])
            await self._queue.close()

    def _rest(self) -> Iterator[_Letter]:
        while not self._waiting.empty():
            yield self._waiting.get_nowait()
            self._waiting.task_done()

    async def published(self) -> None:
        """Once nothing waits here any more."""
        await self._waiting.join()

    async def rest(self) -> None:
        """Close connections; the next message opens them anew."""
        await self._queue.close()

    async def learn(self) -> None:
        """How large the queue's messages may be."""
        self._largest = await self._queue.largest()

    async def _keep_sending(self) -> None:
        while True:
            letters = await self._next()
            try:
                await self._send(letters)
            except Exception:
                # Their leases run out, and then our own workers go on.
                log.exception("publisher.stumbled", deliveries=[letter.delivery_id for letter in letters])
            finally:
                for _ in letters:
                    self._waiting.task_done()

    async def _next(self) -> list[_Letter]:
        letters = [await self._waiting.get()]
        while len(letters) < AT_ONCE and not self._waiting.empty():
            letters.append(self._waiting.get_nowait())
        return letters

    async def _send(self, letters: Sequence[_Letter]) -> None:
        """What the queue does not take for certain is ours to deliver."""
        left = {letter.delivery_id for letter in letters}
        try:
            if self._is_reached:
                await self._put(letters, left)
        except QueueTrouble as trouble:
            self._let_it_be(trouble)
        finally:
            await self._give_back(left)

    def _let_it_be(self, trouble: QueueTrouble) -> None:
        if not self._is_reached:  # another sender met the same trouble a moment ago
            return
        log.warning("publisher.waits", trouble=str(trouble), seconds=self._pause_seconds)
        self._away_until = clock() + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)

    async def _put(self, letters: Sequence[_Letter], left: set[int]) -> None:
        """Those that were taken are no longer `left`."""
        in_order = iter(letters)
        for batch in packed([letter.message() for letter in letters], self._largest):
            ends = await self._queue.send(batch)
            for end, letter in zip(ends, in_order, strict=False):
                if end is None:
                    left.remove(letter.delivery_id)
                    self.outcomes["taken",] += 1
                else:
                    log.info("publisher.not_taken", delivery=letter.delivery_id, why=end.why)
        self._pause_seconds = FIRST_PAUSE_SECONDS

    async def _give_back(self, deliveries: Collection[int]) -> None:
        if not deliveries:
            return
        self.outcomes["left",] += len(deliveries)
        try:
            await self._store.release(owner=QUEUE, deliveries=list(deliveries))
        except Unavailable as trouble:
            log.warning("publisher.leases_run_out", deliveries=len(deliveries), trouble=trouble.message)
        else:
            self._wake()

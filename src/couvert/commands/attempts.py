"""An attempt's two commits: *begun* before the first byte leaves, and what became of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, assert_never

import structlog

from couvert.commands.rows import happened
from couvert.commands.settled import Settled, read
from couvert.delivery.transport import Held, Outcome, Refused, Taken, Throttled, TryLater, Unknown, Withheld
from couvert.domain import delivery as rules, retry
from couvert.domain.delivery import UnknownPolicy
from couvert.domain.delivery_events import (
    Begun,
    Deferred,
    DeliveryEvent,
    Expired,
    Failed,
    OutcomeUnknown,
    Released,
    Sent,
)
from couvert.domain.refusals import Conflict, Unavailable
from couvert.domain.suppression import RecipientSuppressed
from couvert.store.log import NotedEvent
from couvert.store.port import Store
from couvert.store.rows import StoredDelivery

LONGEST_PAUSE_SECONDS: Final = 2.0

_RECORDED_AS: Final[dict[type[Outcome], tuple[type[Sent | Deferred | Failed | OutcomeUnknown | Released], ...]]] = {
    Taken: (Sent,),
    TryLater: (Deferred, Failed),
    Refused: (Failed,),
    Unknown: (OutcomeUnknown,),
    Withheld: (Released,),
    Throttled: (Released,),
    Held: (Released,),
}


class NotKept(LookupError):
    """There is no such delivery: the commit that would have made it came to nothing."""


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempts:
    store: Store
    now_ms: Callable[[], int]
    unknown_policy: UnknownPolicy
    lease_ms: int
    chance: Callable[[], float] = random.random

    async def begin(self, stored: StoredDelivery) -> StoredDelivery | None:
        """The row with its attempt begun, or ended if its time was over or its recipient is suppressed; None if it is
        not ours to send.

        A compare-and-set: revision as read, lease still held, recipient not suppressed. Who loses, or does not learn
        whether it won, gets None and sends nothing.
        """
        now = self.now_ms()
        event = rules.begin(stored.delivery, now)
        if event is None:
            return None
        change, row = happened(stored, [event], at=now)
        if isinstance(event, Begun):
            row = row._replace(wake_at=now + self.lease_ms)
            change.deliveries = [row]
            change.begins = True
        change.holds_lease = True
        try:
            await self.store.commit(change)
        except RecipientSuppressed as found:
            return await self._suppress(stored, found)
        except Conflict:
            return None
        except Unavailable as trouble:
            if trouble.may_be_kept and isinstance(event, Begun):
                await self.withdraw(row, now)
            return None
        return row

    async def _suppress(self, stored: StoredDelivery, found: RecipientSuppressed) -> StoredDelivery | None:
        change, row = happened(stored, [found.event], at=self.now_ms(), note=found.message)
        change.holds_lease = True
        try:
            await self.store.commit(change)
        except (Conflict, Unavailable):
            return None
        return row

    async def record(self, stored: StoredDelivery, outcome: Outcome) -> Settled:
        """Keep the outcome of the attempt that `stored` began, however long the store needs to take it."""
        attempt = stored.delivery.attempt
        events, words = self._events(stored, attempt, outcome)
        try:
            row, at = await self._commit(stored, events, words)
        except (Conflict, Unavailable):
            return await self._insist(stored.delivery.id, attempt, outcome)
        provider_id = outcome.provider_id if isinstance(outcome, Taken) else None
        return Settled(row.delivery.id, row.delivery.state, at, provider_id, words)

    async def withdraw(self, begun: StoredDelivery, begun_at: int) -> None:
        """The commit of *begun* ended unseen. Nothing was sent, so if it was kept, it is taken back."""
        withheld = Withheld("the commit that began it ended unseen")
        with suppress(NotKept):
            await self._insist(begun.delivery.id, begun.delivery.attempt, withheld, begun_at=begun_at)

    async def lose(self, stored: StoredDelivery) -> Settled | None:
        """A begun attempt whose lease ran out: nobody is left to say how it ended. None if somebody did after all."""
        events = rules.lose(stored.delivery, stored.delivery.attempt, self.now_ms(), self.unknown_policy)
        return await self._end(stored, events, "the worker stopped, or lost its lease, during the hand-over")

    async def refuse(self, stored: StoredDelivery, words: str) -> Settled | None:
        """Nobody will ever be able to send it, for a reason of our own; no attempt was begun."""
        return await self._end(stored, [Failed(stored.delivery.attempt, "unsendable")], words)

    async def expire(self, most: int) -> int:
        """End up to `most` deliveries that nobody holds and whose mail expired; how many were ended."""
        expired = await self.store.expired(now=self.now_ms(), limit=most)
        ends = await asyncio.gather(*(self._end(stored, [Expired()], None) for stored in expired))
        return sum(end is not None for end in ends)

    async def _end(self, stored: StoredDelivery, events: list[DeliveryEvent], words: str | None) -> Settled | None:
        try:
            row, at = await self._commit(stored, events, words)
        except (Conflict, Unavailable):
            return None
        return Settled(row.delivery.id, row.delivery.state, at, None, words)

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _insist(
        self, delivery_id: int, attempt: int, outcome: Outcome, *, begun_at: int | None = None
    ) -> Settled:
        """Read the row anew, decide and commit: after a conflict, and again until the store is there to take it."""
        pause = 0.05
        while True:
            try:
                current = await self._current(delivery_id)
                timeline = await self._timeline(current)
                if _is_ours(timeline, attempt, begun_at) and not _is_recorded(timeline, attempt, outcome):
                    current, _ = await self._commit(current, *self._events(current, attempt, outcome))
                    timeline = await self._timeline(current)
                return read(delivery_id, current.delivery.state, timeline)
            except Conflict:
                continue
            except Unavailable as trouble:
                log.warning("outcome.waits", delivery=delivery_id, trouble=trouble.message)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _commit(
        self, stored: StoredDelivery, events: list[DeliveryEvent], words: str | None
    ) -> tuple[StoredDelivery, int]:
        change, row = happened(stored, events, at=self.now_ms(), note=words)
        await self.store.commit(change)
        return row, change.at

    async def _current(self, delivery_id: int) -> StoredDelivery:
        found = await self.store.delivery(delivery_id)
        if found is None:
            raise NotKept(f"delivery {delivery_id} is not there")
        return found

    async def _timeline(self, stored: StoredDelivery) -> list[NotedEvent]:
        delivery = stored.delivery
        return await self.store.timeline(delivery.mail_id, delivery.id - delivery.mail_id)

    def _events(
        self, current: StoredDelivery, attempt: int, outcome: Outcome
    ) -> tuple[list[DeliveryEvent], str | None]:
        """What the outcome makes of the row as it is now, and the provider's words."""
        delivery, now = current.delivery, self.now_ms()
        match outcome:
            case Taken(provider_id):
                return [Sent(attempt, provider_id)], None
            case TryLater(reason, after_seconds):
                return [rules.defer(delivery, attempt, now, after_seconds, self.chance())], reason
            case Refused(reason):
                return [Failed(attempt, "refused")], reason
            case Unknown(reason):
                return rules.lose(delivery, attempt, now, self.unknown_policy), reason
            case Withheld(reason):
                return [rules.release(delivery, attempt, now)], reason
            case Throttled(reason, after_seconds):
                pause_ms = retry.after_throttling_ms(after_seconds, self.chance())
                return [rules.release(delivery, attempt, now, pause_ms)], reason
            case Held(reason, pause_seconds):
                return [rules.release(delivery, attempt, now, int(pause_seconds * 1000) + retry.HELD_MS)], reason
            case _:
                assert_never(outcome)


def _is_ours(timeline: list[NotedEvent], attempt: int, begun_at: int | None) -> bool:
    """Whether this attempt was begun by us, if that is in doubt: another worker had to wait for our lease to run out,
    and began it later.
    """
    return begun_at is None or any(
        noted.logged.event == Begun(attempt) and noted.logged.at == begun_at for noted in timeline
    )


def _is_recorded(timeline: list[NotedEvent], attempt: int, outcome: Outcome) -> bool:
    """Whether a commit whose end we did not see has kept this very outcome."""
    kinds = _RECORDED_AS[type(outcome)]
    events = (noted.logged.event for noted in timeline)
    return any(isinstance(event, kinds) and event.attempt == attempt for event in events)

"""Reads what providers' notices say into the timelines of the deliveries that they are about, each of them once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from couvert.commands.notice_forms import statements_of
from couvert.commands.notice_readings import NoticeReadings
from couvert.commands.notice_targets import Found, Told, found_of
from couvert.commands.notices import Notices
from couvert.commands.rows import encodable
from couvert.domain.delivery_events import Confirmed, Sent
from couvert.domain.notice_statements import NoticeEvent, OtherKind, Statement, Unreadable
from couvert.domain.refusals import Conflict, Refusal
from couvert.store.changes import Change
from couvert.store.log import NotedEvent
from couvert.store.notices import NoticeReading, Result, StoredNotice
from couvert.store.rows import StoredDelivery

AT_ONCE: Final = 64
"""Notices that are read side by side, so that they share a sync."""
GIVEN_UP_MS: Final = 24 * 3_600_000
"""For the record of the hand-over that a notice is about: what it was begun with was committed before it left."""
SOONEST_MS: Final = 1_000
LATEST_MS: Final = 6 * 3_600_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadNotices:
    notices: Notices
    now_ms: Callable[[], int]
    readings: NoticeReadings = field(default_factory=NoticeReadings)

    async def read_due(self, limit: int = AT_ONCE) -> int:
        """Read those that are due; return how many were. Raises `Unavailable`."""
        due = await self.notices.store.due_notices(self.now_ms(), limit)
        await asyncio.gather(*map(self.read, due))
        return len(due)

    async def read(self, notice: StoredNotice) -> Result:
        """What came of it, by whoever read it first. Raises `Unavailable`."""
        result = await self._result(notice)
        self.readings.ended(notice, result, self.now_ms())
        return result

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _result(self, notice: StoredNotice) -> Result:
        try:
            return await self._read(notice)
        except Refusal:
            raise
        except Exception as bug:  # Notices may be anything, and one that trips us must not keep us from the others.
            log.exception("notice.not_read", notice=notice.id)
            failed = NoticeReading(notice.id, Result.FAILED, encodable(f"{type(bug).__name__}: {bug}"))
            with suppress(Conflict):
                await self.notices.store.commit(Change(at=self.now_ms(), readings=[failed]))
            return Result.FAILED

    async def _read(self, notice: StoredNotice) -> Result:
        reading, statements = _read_by_rules(notice)
        while True:
            try:
                return await self._record(notice, reading, statements)
            except Conflict:
                # Either one of its deliveries moved on, or another process has read it.
                current = await self.notices.store.notice(notice.id)
                if current is None or current.look_at is None:
                    return current.result if current else Result.FAILED

    async def _record(self, notice: StoredNotice, reading: NoticeReading, statements: Sequence[Statement]) -> Result:
        """Each event by itself, the last one with the word that all were read: who reads it again adds the rest."""
        while True:
            found = await found_of(self.notices.store, statements)
            news = [(stored, new) for stored, told in found.told.values() for new in await self._news(stored, told)]
            change = await self.notices.change(news[0][0], *news[0][1]) if news else Change(at=self.now_ms())
            reading = self._judged(notice, reading, found)
            change.readings = [reading] if len(news) <= 1 else []
            await self.notices.store.commit(change)
            if change.readings:
                return reading.result

    async def _news(self, stored: StoredDelivery, told: Sequence[Told]) -> list[Told]:
        """What is not in the timeline yet, word for word."""
        delivery = stored.delivery
        timeline = await self.notices.store.timeline(delivery.mail_id, delivery.id - delivery.mail_id)
        known = {(noted.logged.event, noted.note) for noted in timeline}
        return [each for each in dict.fromkeys(told) if each not in known and not _is_recorded(each[0], timeline)]

    def _judged(self, notice: StoredNotice, reading: NoticeReading, found: Found) -> NoticeReading:
        now = self.now_ms()
        age_ms = max(0, now - notice.received_at)
        if found.is_early and age_ms < GIVEN_UP_MS:
            look_at = now + min(max(age_ms, SOONEST_MS), LATEST_MS)
            return NoticeReading(notice.id, Result.WAITING, "no delivery is known by the provider's id yet", look_at)
        if found.is_early or found.strangers:
            return NoticeReading(notice.id, Result.UNMATCHED, "it names a message or a recipient that is not ours")
        return reading


def _read_by_rules(notice: StoredNotice) -> tuple[NoticeReading, Sequence[Statement]]:
    """What it says, and what came of it if all of that can be recorded."""
    try:
        return NoticeReading(notice.id, Result.READ), statements_of(notice.body)
    except OtherKind as kind:
        return NoticeReading(notice.id, Result.UNKNOWN, encodable(str(kind))), ()
    except Unreadable as fault:
        return NoticeReading(notice.id, Result.UNREADABLE, encodable(str(fault))), ()


def _is_recorded(event: NoticeEvent, timeline: Sequence[NotedEvent]) -> bool:
    """That the provider took it is known, from our own record or another notice."""
    return isinstance(event, Confirmed) and any(
        isinstance(noted.logged.event, (Sent, Confirmed)) and noted.logged.event.attempt == event.attempt
        for noted in timeline
    )

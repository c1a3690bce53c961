"""Remember what /v2 says of itself, and record once a day what changed in it since the last entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from couvert.domain.changelog import Day, day_of, ended_day
from couvert.domain.refusals import Conflict, RuleBroken
from couvert.openapi import entries
from couvert.openapi.entries import Entry
from couvert.store.changes import Change
from couvert.store.port import Store
from couvert.store.rows import ChangelogEntry, Specification


@dataclass(frozen=True, slots=True)
class RecordChangelog:
    """Any number of processes may do this at once: who comes second conflicts, and finds the work done."""

    store: Store
    now_ms: Callable[[], int]

    async def publish(self, document: bytes) -> None:
        """This document is served from now on; what was served before is recorded first, if its day has ended."""
        while True:
            await self.end_day()
            before = await self.store.specification()
            if before is not None and before.document == document:
                return
            now = self.now_ms()
            try:
                await self.store.commit(Change(at=now, specification=_next(before, day_of(now), document)))
            except Conflict:
                continue

    async def end_day(self) -> Entry | None:
        """Record what was published on a day that has ended, unless it was recorded already."""
        published, last = await self.store.specification(), await self._last()
        if published is None:
            return None
        now = self.now_ms()
        day = ended_day(published=published.day, recorded=last and last.day, today=day_of(now))
        if day is None:
            return None
        entry = await self._entry(day, published.document, last, now)
        return entry and await self._commit(Change(at=now, changelog=entry), entry)

    async def record(self, document: bytes, day: Day | None = None) -> Entry | None:
        """Publish the document and record its differences now, under this day or today; None if nothing is to be told.

        An earlier day that has ended meanwhile is recorded first. Raises `RuleBroken` for a day that has not begun, or
        that is before the last entry.
        """
        now = self.now_ms()
        today = day_of(now)
        day = day or today
        if day > today:
            raise RuleBroken(f"{day} has not begun (UTC); give {today} or an earlier day")
        published = await self.store.specification()
        if published is not None and published.day < day:
            await self.end_day()
        last = await self._last()
        if last is not None and day < last.day:
            raise RuleBroken(f"the changelog has {last.day} already; give that day or a later one")
        if last is not None and day == last.day:
            return None
        entry = await self._entry(day, document, last, now)
        # What was published on a later day is that day's to tell.
        is_latest = published is None or published.day <= day
        following = _next(published, day, document) if is_latest else None
        return entry and await self._commit(Change(at=now, changelog=entry, specification=following), entry)

    async def _last(self) -> ChangelogEntry | None:
        found = await self.store.changelog(1)
        return found[0] if found else None

    async def _entry(self, day: Day, document: bytes, last: ChangelogEntry | None, now: int) -> ChangelogEntry | None:
        after = await self.store.recorded_document(last.day) if last else None
        if document == after:
            return None
        new = msgspec.json.decode(document)
        title, found = entries.since(msgspec.json.decode(after), new) if after else entries.first(new)
        if not found:
            return None
        return ChangelogEntry(day, now, last.day if last else "", title, entries.encode(found), document)

    async def _commit(self, change: Change, entry: ChangelogEntry) -> Entry | None:
        try:
            await self.store.commit(change)
        except Conflict:
            return None
        return told(entry)


def told(stored: ChangelogEntry) -> Entry:
    return Entry(stored.day, stored.recorded_at, stored.title, entries.decode(stored.differences))


def _next(before: Specification | None, day: Day, document: bytes) -> Specification:
    return Specification(day, document, (before.revision if before else 0) + 1)

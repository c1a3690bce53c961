"""Reads what providers' notices say into the timelines of the deliveries that they are about, each of them once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final, NamedTuple

import structlog

from couvert.commands.notices import Notices
from couvert.commands.rows import encodable
from couvert.delivery import bounce_mail
from couvert.delivery.letters import to_ascii
from couvert.domain import ids, notices as rules
from couvert.domain.delivery import has_begun
from couvert.domain.delivery_events import Confirmed, Sent
from couvert.domain.notice_times import told_at
from couvert.domain.notices import NoticeEvent, OtherKind, Statement, Unreadable
from couvert.domain.refusals import Conflict, Refusal
from couvert.store.changes import Change
from couvert.store.log import NotedEvent
from couvert.store.notices import NoticeReading, Result, StoredNotice
from couvert.store.rows import StoredDelivery
from couvert.tallies import LAGS, Histogram, Tally

AT_ONCE: Final = 64
"""Notices that are read side by side, so that they share a sync."""
GIVEN_UP_MS: Final = 24 * 3_600_000
"""For the record of the hand-over that a notice is about: what it was begun with was committed before it left."""
SOONEST_MS: Final = 1_000
LATEST_MS: Final = 6 * 3_600_000

log = structlog.get_logger()


Told = tuple[NoticeEvent, str | None]
"""An event and the provider's words about it."""


class _Target(NamedTuple):
    stored: StoredDelivery
    attempt: int


@dataclass(slots=True)
class _Found:
    """Whom the statements of one notice are about."""

    told: dict[int, tuple[StoredDelivery, list[Told]]] = field(default_factory=dict)
    strangers: int = 0
    is_early: bool = False
    """Nothing is known yet by the id that the provider gave the message; our own record may be under way."""

    def add(self, target: _Target, statement: Statement) -> None:
        _, told = self.told.setdefault(target.stored.delivery.id, (target.stored, []))
        told.append((statement.event(target.attempt), encodable(statement.words)))


@dataclass(slots=True)
class NoticeReadings:
    """What this process read, counted for whoever watches."""

    results: Tally = field(default_factory=Tally)
    """By source and result."""
    lag_seconds: Histogram = field(default_factory=lambda: Histogram(LAGS))
    """From what happened at the provider, by its clock, to when we were told."""
    wait_seconds: Histogram = field(default_factory=lambda: Histogram(LAGS))
    """From then until it was read the first time."""

    def ended(self, notice: StoredNotice, result: Result, now: int) -> None:
        self.results[notice.source.value, result.value] += 1
        if notice.look_at != notice.received_at:
            return  # a replay, or another look: neither says how long it took
        self.wait_seconds.observe(max(0, now - notice.received_at) / 1000)
        happened_at = told_at(notice.body)
        if happened_at is not None:
            self.lag_seconds.observe(max(0, notice.received_at - happened_at) / 1000)


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
            found = await self._found(statements)
            news = [(stored, new) for stored, told in found.told.values() for new in await self._news(stored, told)]
            change = await self.notices.change(news[0][0], *news[0][1]) if news else Change(at=self.now_ms())
            reading = self._judged(notice, reading, found)
            change.readings = [reading] if len(news) <= 1 else []
            await self.notices.store.commit(change)
            if change.readings:
                return reading.result

    async def _found(self, statements: Sequence[Statement]) -> _Found:
        found = _Found()
        is_alone = len({statement.recipient for statement in statements}) == 1
        for statement in statements:
            target = await self._target(statement, is_alone=is_alone)
            if target is not None:
                found.add(target, statement)
            elif statement.subject.is_named_by_provider_alone:
                found.is_early = True
            else:
                found.strangers += 1
        return found

    async def _target(self, statement: Statement, *, is_alone: bool) -> _Target | None:
        """By what travelled with the message, the surest first. A notice about one recipient may write the address as
        that one's server knows it, if it is clear which of ours it is about.
        """
        tagged, delivery_id, provider_id = statement.subject
        named: list[tuple[int, int | None]] = [tagged] if tagged else []
        handed = await self.notices.store.handed_over_as(provider_id) if provider_id else []
        is_alone = is_alone and (tagged is not None or len({each.delivery_id for each in handed}) <= 1)
        named += handed
        if delivery_id is not None:
            named.append((delivery_id, None))  # its last attempt: all have the same Message-ID
        for each, its_attempt in named:
            stored = await self.notices.store.delivery(each)
            if stored is None:
                continue
            if not await self._is_to(each, statement) and (not is_alone or await self._is_anothers(stored, statement)):
                continue
            attempt = stored.delivery.attempt if its_attempt is None else its_attempt
            if has_begun(stored.delivery, attempt):
                return _Target(stored, attempt)
        return None

    async def _is_to(self, delivery_id: int, statement: Statement) -> bool:
        recipient = await self.notices.store.recipient(delivery_id)
        if statement.recipient is None or recipient is None:
            return statement.recipient is None
        return _plain(recipient.email) == _plain(statement.recipient)

    async def _is_anothers(self, stored: StoredDelivery, statement: Statement) -> bool:
        """Whether the provider knows the attempt that it is tagged with by another id: where the notices of two
        installations come together, ids that were made in the same millisecond are alike.
        """
        tagged, _, provider_id = statement.subject
        if tagged is None or provider_id is None:
            return False
        timeline = await self.notices.store.timeline(
            stored.delivery.mail_id, stored.delivery.id - stored.delivery.mail_id
        )
        events = (noted.logged.event for noted in timeline)
        taken = [event for event in events if isinstance(event, (Sent, Confirmed)) and event.attempt == tagged[1]]
        return bool(taken) and all(event.provider_id != provider_id for event in taken)

    async def _news(self, stored: StoredDelivery, told: Sequence[Told]) -> list[Told]:
        """What is not in the timeline yet, word for word."""
        delivery = stored.delivery
        timeline = await self.notices.store.timeline(delivery.mail_id, delivery.id - delivery.mail_id)
        known = {(noted.logged.event, noted.note) for noted in timeline}
        return [each for each in dict.fromkeys(told) if each not in known and not _is_recorded(each[0], timeline)]

    def _judged(self, notice: StoredNotice, reading: NoticeReading, found: _Found) -> NoticeReading:
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


def statements_of(raw: bytes) -> list[Statement]:
    """Of a mail or of SES's JSON, as it begins. Raises `Unreadable` and `OtherKind`."""
    return rules.read(raw) if raw.lstrip()[:1] in {b"{", b"["} else bounce_mail.read(raw)


def gist_of(raw: bytes) -> tuple[str, str] | None:
    """What a notice says (`bounced`), and the ids of the deliveries that it names, if any; None if it says nothing."""
    try:
        statements = statements_of(raw)
    except Exception:  # noqa: BLE001 - what trips us has failed, or is going to, and keeps no other from being listed
        return None
    subjects = [statement.subject for statement in statements]
    named = [subject.tagged[0] if subject.tagged else subject.delivery_id for subject in subjects]
    deliveries = dict.fromkeys(ids.encode("dlv", one) for one in named if one is not None)
    return " ".join(dict.fromkeys(statement.kind for statement in statements)), " ".join(deliveries)


def _plain(address: str) -> str:
    """`Bob <bob@Example.org>` as `bob@example.org`: providers write addresses in their own way."""
    bare = parseaddr(address)[1] or address
    try:
        return to_ascii(bare).lower()
    except UnicodeError:
        return bare.lower()


def _is_recorded(event: NoticeEvent, timeline: Sequence[NotedEvent]) -> bool:
    """That the provider took it is known, from our own record or another notice."""
    return isinstance(event, Confirmed) and any(
        isinstance(noted.logged.event, (Sent, Confirmed)) and noted.logged.event.attempt == event.attempt
        for noted in timeline
    )

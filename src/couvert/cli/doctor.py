"""`couvert doctor`: looks at everything that delivery needs, and says what to do about what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import utc
from couvert.delivery.transport import Unreachable
from couvert.domain.delivery import State
from couvert.domain.refusals import Unavailable
from couvert.store.port import Change

if TYPE_CHECKING:
    from couvert.wiring import Parts

LEAST_FREE_BYTES: Final = 500_000_000
LONGEST_DUE_MS: Final = 5 * 60_000
CLOCK_SKEW_MS: Final = 10_000
MOST_BEHIND: Final = 50_000
EVERY_ID: Final = {"first": 0, "last": (1 << 63) - 1}


class Finding(NamedTuple):
    subject: str
    is_well: bool
    sentence: str


def doctor(data: Data = None) -> None:
    """Check database, disk, clock, queue, provider and read models; exit code 1 if anything is wrong."""
    findings = with_parts(data, _examine)
    for finding in findings:
        print(f"{'ok   ' if finding.is_well else 'WRONG'}  {finding.subject:12} {finding.sentence}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


async def _examine(parts: Parts) -> list[Finding]:
    return [await check(parts) for check in CHECKS]


async def _database(parts: Parts) -> Finding:
    from couvert import wiring

    try:
        await parts.store.commit(Change(at=wiring.now_ms()))
        position = await parts.store.position()
    except Unavailable as trouble:
        return _wrong("database", f"{trouble.message} Look at the disk under {parts.settings.data_dir}.")
    return _well("database", f"{parts.settings.data_dir.resolve()} takes commits; {position:,} events")


async def _disk(parts: Parts) -> Finding:
    free = shutil.disk_usage(parts.settings.data_dir).free
    sentence = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        return _wrong("disk", f"only {sentence}; make room: requests are answered 503 once it is full")
    return _well("disk", sentence)


async def _clock(parts: Parts) -> Finding:
    from couvert import wiring

    now, last = wiring.now_ms(), await parts.store.last_event_at()
    if last is not None and last > now + CLOCK_SKEW_MS:
        return _wrong("clock", f"it is {utc(now)} here, but the last event was at {utc(last)}; set the clock (NTP)")
    return _well("clock", f"{utc(now)}, last event {utc(last)}")


async def _queue(parts: Parts) -> Finding:
    from couvert import wiring

    now, due = wiring.now_ms(), await parts.store.next_wake()
    is_served = wiring.ServeLock(parts.settings.data_dir).is_taken()
    who = "`couvert serve` is running" if is_served else "no `couvert serve` is running"
    if due is not None and due < now - LONGEST_DUE_MS:
        advice = "look at the transport" if is_served else "start it"
        return _wrong("queue", f"a delivery waits since {utc(due)}; {who}: {advice}")
    return _well("queue", f"nothing is overdue; next at {utc(due)}; {who}")


async def _unknown(parts: Parts) -> Finding:
    counts = await parts.store.states(**EVERY_ID)
    unknown = counts.get(State.UNKNOWN, 0)
    total = sum(counts.values())
    if unknown:
        return _well("outcomes", f"{unknown:,} of {total:,} deliveries are unknown, and held: the provider can tell")
    return _well("outcomes", f"{total:,} deliveries, none of them unknown")


async def _transport(parts: Parts) -> Finding:
    try:
        channel = await parts.transport.channel()
    except Unreachable as trouble:
        return _wrong("transport", f"{trouble}; mail waits until it answers. Check COUVERT_TRANSPORT and the network")
    channel.release()
    await parts.transport.close()
    if parts.transport.name == "sandbox":
        return _well("transport", "sandbox: mail is kept here and reaches nobody; set COUVERT_TRANSPORT to send")
    return _well("transport", f"{parts.transport.name} answers")


async def _pace(parts: Parts) -> Finding:
    if parts.account is None:
        return _well("pace", "none: what is due leaves at once")
    try:
        limits = await parts.account.limits()
    except Unreachable as trouble:
        rate = parts.account.fallback.per_second
        return _wrong("pace", f"{trouble}. Until then {rate:g} recipients leave a second (COUVERT_SES_RATE)")
    stored = await parts.store.pace(parts.account.name)
    if stored is not None and stored.held is not None:
        return _wrong("pace", f"the provider takes no mail: {stored.held}. It is tried again every few minutes")
    day = "" if limits.per_day is None else f", {limits.sent:,} of {limits.per_day:,} sent in 24 hours"
    if limits.per_day is not None and limits.sent >= limits.per_day:
        return _wrong("pace", f"the daily quota is used up{day}; ask the provider for more")
    return _well("pace", f"{limits.per_second:g} recipients a second{day}")


async def _read_models(parts: Parts) -> Finding:
    from couvert import wiring
    from couvert.readmodels.read import ReadModels

    behind = await parts.store.position()
    try:
        with ReadModels(parts.settings.data_dir) as models:
            behind -= models.position()
    except Unavailable as trouble:
        if behind:
            return _wrong("read models", trouble.message)
        return _well("read models", "none yet; the first `couvert serve` makes them")
    if behind > MOST_BEHIND and wiring.ServeLock(parts.settings.data_dir).is_taken():
        return _wrong(
            "read models", f"{behind:,} events behind the log; if that does not shrink, run `couvert rebuild`"
        )
    return _well("read models", f"{behind:,} events behind the log; a running `serve` catches up")


def _well(subject: str, sentence: str) -> Finding:
    return Finding(subject, is_well=True, sentence=sentence)


def _wrong(subject: str, sentence: str) -> Finding:
    return Finding(subject, is_well=False, sentence=sentence)


CHECKS: Final[list[Callable[[Parts], Awaitable[Finding]]]] = [
    _database,
    _disk,
    _clock,
    _queue,
    _unknown,
    _transport,
    _pace,
    _read_models,
]

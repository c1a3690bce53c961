"""Fills a data directory: a key, mails that wait for their time, deliveries that were finished long ago."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from bench.harness.figure import Skipped
from bench.harness.mails import ORIGIN, mail_to
from couvert import wiring
from couvert.domain.user import Role
from couvert.settings import Settings
from couvert.wiring import Parts

T = TypeVar("T")

AT_ONCE = 100
"""Commands that are under way together, so that they share a sync."""


def create_key(directory: Path) -> str:
    async def work(parts: Parts) -> str:
        host = ORIGIN.removeprefix("https://")
        return (await parts.keys.create(name="bench", origins=[host], expires_at=None)).secret

    return with_parts(directory, work)


def create_token(directory: Path) -> str:
    """Of a user who may read."""

    async def work(parts: Parts) -> str:
        added = await parts.accounts.users.add(email="bench@example.com", role=Role.MEMBER)
        created = await parts.accounts.tokens.create(added.user.id, description="bench", roles=["api_read"])
        return created.secret

    return with_parts(directory, work)


def queue(directory: Path, mails: int, *, recipients_each: int, lead_seconds: float | None = None) -> float:
    """Accept so many deliveries, all due at the same moment; return that moment, as `time.time()` has it."""
    due_at = time.time() + (lead_seconds or 0)
    commands = [mail_to(n, recipients_each, int(due_at * 1000)) for n in range(mails // recipients_each)]

    async def work(parts: Parts) -> None:
        for start in range(0, len(commands), AT_ONCE):
            await asyncio.gather(*(parts.mails.accept(c, key=None) for c in commands[start : start + AT_ONCE]))

    with_parts(directory, work)
    if lead_seconds is not None and time.time() > due_at:
        raise Skipped(f"queueing {mails:,} mails took longer than the {lead_seconds} s they had")
    return due_at


def with_parts(directory: Path, work: Callable[[Parts], Awaitable[T]]) -> T:
    async def run() -> T:
        parts = wiring.open_parts(Settings(data_dir=directory))
        async with wiring.running(parts, delivers=False):
            return await work(parts)

    return asyncio.run(run())

"""Webhooks: which of them is off since its receiver is gone, which falls behind, and what was given up."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from couvert.cli.times import utc
from couvert.domain.finding import Finding, note, unknown, well, wrong
from couvert.domain.webhook import Webhook
from couvert.readmodels.webhooks.messages import Backlog

if TYPE_CHECKING:
    from couvert.wiring import Parts

LONG_MS: Final = 3_600_000


async def webhooks(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring
    from couvert.readmodels.webhooks.box import Box

    known = [stored.webhook for stored in await parts.store.webhooks()]
    if not known:
        return []
    try:
        with Box(parts.settings.data_dir) as box:
            found = [each for webhook in known if (each := _judged(webhook, box.backlog(webhook.id), wiring.now_ms()))]
    except sqlite3.Error as trouble:
        return [unknown("webhooks", f"their messages cannot be read ({trouble})")]
    return found or [well("webhooks", f"{len(known):,} of them, and nothing waits for longer than an hour")]


def _judged(webhook: Webhook, backlog: Backlog, now: int) -> Finding | None:
    """By its id: an address may hold a token."""
    name = webhook.webhook_id
    if webhook.off_reason is not None:
        sentence = f"{name} is off: its receiver answered that it is {webhook.off_reason}"
        return note("webhooks", f"{sentence}; delete it, or switch it on again")
    is_behind = backlog.oldest_at is not None and backlog.oldest_at < now - LONG_MS
    waits = f"{backlog.waiting:,} messages wait for {name}, the oldest since {utc(backlog.oldest_at)}"
    lost = f"{backlog.dropped:,} for it were given up; POST /v2/webhooks/{name}/replay sends them again"
    if is_behind and backlog.dropped:
        return wrong("webhooks", f"{waits}, and {lost}. See its attempts: its receiver is down, or too slow")
    if backlog.dropped:
        return note("webhooks", f"{name} was too far behind: {lost}")
    return note("webhooks", f"{waits}: see its attempts") if is_behind else None

"""The process beside `serve` that tells webhooks."""

from __future__ import annotations

import asyncio
import random

from couvert.commands.webhooks import Webhooks
from couvert.domain.ids import NODES, IdSource
from couvert.settings import Settings
from couvert.wiring.clocks import now_ms
from couvert.wiring.directory import open_store


async def tell_webhooks(settings: Settings, stopping: asyncio.Event) -> None:
    """Beside a `serve` on the same data, until told to stop. Raises sqlite3.Error if there is no data yet."""
    from couvert.delivery.webhooks.client import Client
    from couvert.readmodels.webhooks.box import Box
    from couvert.readmodels.webhooks.source import Source
    from couvert.workers.webhooks.caller import Caller
    from couvert.workers.webhooks.pump import Pump

    async def switch_off(webhook_id: str, url: str) -> None:
        store = open_store(settings)  # seldom needed, and else this process only reads
        try:
            ids = IdSource(random.randrange(1, NODES), now_ms)  # noqa: S311
            await Webhooks(store, ids, now_ms).switch_off(webhook_id, url)
        finally:
            await store.close()

    with Source(settings.data_dir) as source, Box(settings.data_dir) as box:
        client = Client(allows_private=settings.webhook_allow_private)
        caller = Caller(source, client, now_ms, settings.webhook_allow_http)
        retention_ms = settings.webhook_retention_days * 24 * 3_600_000
        most = settings.webhook_backlog
        pump = Pump(source, box, caller, switch_off, now_ms, retention_ms=retention_ms, most_waiting=most)
        await pump.run(stopping)

"""What has to be asked for: read before a page is written, and kept as it was where it cannot be read now."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from couvert.delivery.account import Account
from couvert.domain.pace import SECOND, spacing
from couvert.domain.refusals import Unavailable
from couvert.readmodels.folds import Counts
from couvert.readmodels.reading import Reading
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import Backlog
from couvert.readmodels.webhooks.tables import FILE
from couvert.store.log import Position
from couvert.store.pace import StoredPace
from couvert.store.port import Store

COUNTS_SECONDS: Final = 5.0
"""They come from other threads, which others may keep busy."""
MOST_NOTICES: Final = 100_000
"""They are counted no further: 5 ms."""


class Readings:
    def __init__(
        self,
        store: Store,
        reading: Reading,
        directory: Path,
        now_ms: Callable[[], int],
        *,
        oldest_due_at: Callable[[], Awaitable[int | None]],
        account: Account | None = None,
    ) -> None:
        """`account`: whose pace is kept."""
        self._store = store
        self._oldest_due_at = oldest_due_at
        self._account = account
        self._reading = reading
        self._directory = directory
        self._now_ms = now_ms
        self._counted_at = float("-inf")
        self.deliveries: Counts = {}
        """Empty before the read models are there."""
        self.position: Position = 0
        self.oldest_due_seconds = 0.0
        self.unread_notices = 0
        self.oldest_unread_notice_seconds = 0.0
        self.last_notice_at: int | None = None
        self.pace: StoredPace | None = None
        """None without one, and before it is learned."""
        self.webhooks = Backlog(0, None, 0)
        self.webhooks_mark: Position = 0
        self.results_mark: Position = 0
        self.file_bytes: dict[str, int] = {}
        self.free_bytes = 0

    async def refresh(self) -> None:
        with suppress(Unavailable):
            await self._look_at_the_queue()
        with suppress(Unavailable):
            await self._look_at_notices()
        if time.monotonic() - self._counted_at >= COUNTS_SECONDS:
            self._counted_at = time.monotonic()
            with suppress(Unavailable, TimeoutError):
                await self._count()
            with suppress(sqlite3.Error):
                await asyncio.to_thread(self._look_at_webhooks)
        with suppress(OSError):
            self._look_at_the_disk()

    async def _look_at_the_queue(self) -> None:
        self.position = await self._store.position()
        self.results_mark = await self._store.results_mark() or 0
        self.oldest_due_seconds = self._seconds_since(await self._oldest_due_at())
        if self._account is not None:
            self.pace = await self._store.pace(await self._account.name())

    async def _look_at_notices(self) -> None:
        self.unread_notices = await self._store.unread_notices(MOST_NOTICES)
        self.oldest_unread_notice_seconds = self._seconds_since(await self._store.oldest_unread_notice())
        self.last_notice_at = await self._store.last_notice_at()

    async def _count(self) -> None:
        async with asyncio.timeout(COUNTS_SECONDS):
            self.deliveries = await self._reading.totals()

    def _look_at_webhooks(self) -> None:
        """Another process writes this file; none is there before the first webhook."""
        if not (self._directory / FILE).exists():
            return
        with Box(self._directory) as box:
            self.webhooks, mark = box.backlog(), box.mark()
        self.webhooks_mark = mark.position if mark else 0

    @property
    def rate(self) -> float:
        """In recipients per second, with what throttling takes from it; 0 without a pace."""
        if self.pace is None:
            return 0.0
        return SECOND / spacing(self.pace.pace, self._now_ms() * 1_000)

    @property
    def oldest_webhook_message_seconds(self) -> float:
        return self._seconds_since(self.webhooks.oldest_at)

    def _seconds_since(self, at: int | None) -> float:
        return 0.0 if at is None else max(0, self._now_ms() - at) / 1000

    def _look_at_the_disk(self) -> None:
        self.free_bytes = shutil.disk_usage(self._directory).free
        found = {path.name: path.stat().st_size for path in self._directory.iterdir() if ".db" in path.name}
        self.file_bytes = {
            "log": found.get("couvert.db", 0),
            "wal": found.get("couvert.db-wal", 0),
            "read_models": sum(size for name, size in found.items() if name.startswith("readmodels")),
        }

"""What has to be asked for: read before a page is written, and kept as it was where it cannot be read now."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from couvert.domain.refusals import Unavailable
from couvert.readmodels.folds import Counts
from couvert.readmodels.reading import Reading
from couvert.store.port import Position, Store

COUNTS_SECONDS: Final = 5.0
"""They come from another thread, which others may keep busy."""


class Readings:
    def __init__(self, store: Store, reading: Reading, directory: Path, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._reading = reading
        self._directory = directory
        self._now_ms = now_ms
        self._counted_at = float("-inf")
        self.deliveries: Counts = {}
        """Empty before the read models are there."""
        self.position: Position = 0
        self.oldest_due_seconds = 0.0
        self.file_bytes: dict[str, int] = {}
        self.free_bytes = 0

    async def refresh(self) -> None:
        with suppress(Unavailable):
            await self._look_at_the_queue()
        with suppress(Unavailable, TimeoutError):
            await self._count()
        with suppress(OSError):
            self._look_at_the_disk()

    async def _look_at_the_queue(self) -> None:
        self.position = await self._store.position()
        due_at = await self._store.next_wake()
        self.oldest_due_seconds = 0.0 if due_at is None else max(0, self._now_ms() - due_at) / 1000

    async def _count(self) -> None:
        if time.monotonic() - self._counted_at < COUNTS_SECONDS:
            return
        async with asyncio.timeout(COUNTS_SECONDS):
            self.deliveries = await self._reading.totals()
        self._counted_at = time.monotonic()

    def _look_at_the_disk(self) -> None:
        self.free_bytes = shutil.disk_usage(self._directory).free
        found = {path.name: path.stat().st_size for path in self._directory.iterdir() if ".db" in path.name}
        self.file_bytes = {
            "log": found.get("couvert.db", 0),
            "wal": found.get("couvert.db-wal", 0),
            "read_models": sum(size for name, size in found.items() if name.startswith("readmodels")),
        }

"""A store whose commits end as a test wants: refused, lost, or kept although nobody saw it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from couvert.domain.refusals import Unavailable
from couvert.store.changes import Transition
from couvert.store.log import Position
from couvert.store.port import Store

End = Literal["refused", "lost", "kept unseen"]


class UnreliableStore:
    """Everything else is the real store's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ends: list[End] = []
        """How the next commits end; those after them go well."""
        self.commits = 0
        self.reads_fail = 0
        """How many of the next looks at a delivery fail."""
        self.read_failed = asyncio.Event()
        self.uses_fail = 0
        self.uses_noted = asyncio.Event()

    async def commit(self, change: Transition) -> Position:
        self.commits += 1
        end = self.ends.pop(0) if self.ends else None
        if end == "refused":
            raise Unavailable("nothing was kept")
        if end == "lost":
            raise Unavailable("it may have been kept", may_be_kept=True)
        position = await self._store.commit(change)
        if end == "kept unseen":
            raise Unavailable("it may have been kept", may_be_kept=True)
        return position

    async def delivery(self, delivery_id: int) -> Any:
        if self.reads_fail:
            self.reads_fail -= 1
            self.read_failed.set()
            raise Unavailable("the database cannot be read")
        return await self._store.delivery(delivery_id)

    async def note_token_uses(self, last_used_at: Mapping[int, int]) -> None:
        if self.uses_fail:
            self.uses_fail -= 1
            raise Unavailable("the disk is full")
        await self._store.note_token_uses(last_used_at)
        self.uses_noted.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

"""The part of the store's port that is about what nobody will ask for again."""

from __future__ import annotations

from typing import Protocol


class Leftovers(Protocol):
    async def clear_idempotency(self, *, until: int, limit: int) -> int:
        """Forget up to `limit` keys that were claimed at `until` or before, the oldest first; how many went."""

    async def clear_key_usage(self, *, before_day: int, limit: int) -> int:
        """As `clear_idempotency`, of what API keys sent on days before this one."""

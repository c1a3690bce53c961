"""What nobody will ask for again, on SQLite: found by its age, and deleted a few rows at a time."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from couvert.store.sqlite.writer import Writer

_IDEMPOTENCY: Final = """
delete from idempotency where scope in (select scope from idempotency where created_at <= ? order by created_at limit ?)
"""
_KEY_USAGE: Final = """
delete from key_usage where (day, key) in (select day, key from key_usage where day < ? order by day limit ?)
"""


class SqliteLeftovers:
    """The part of `SqliteStore` that clears up."""

    _writer: Writer

    async def clear_idempotency(self, *, until: int, limit: int) -> int:
        return await self._deleted(_IDEMPOTENCY, until, limit)

    async def clear_key_usage(self, *, before_day: int, limit: int) -> int:
        return await self._deleted(_KEY_USAGE, before_day, limit)

    async def _deleted(self, sql: str, *values: Any) -> int:
        def work(connection: sqlite3.Connection) -> int:
            return connection.execute(sql, values).rowcount

        return cast(int, await self._writer.submit(work))

"""While nobody is connected one goes ahead, and what it finds out is true for all who would have done the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from couvert.delivery.transport import Unreachable

C = TypeVar("C")


class Scout:
    """So a provider that is away costs one attempt to connect at a time, and not one for each hand."""

    def __init__(self, is_connected: Callable[[], bool]) -> None:
        """`is_connected`: whether there is a connection that mail can be handed over on, now or in a moment."""
        self._is_connected = is_connected
        self._ahead: asyncio.Future[str | None] | None = None

    async def connection(self, connect: Callable[[], Awaitable[C]]) -> C:
        """What `connect` answers; raises `Unreachable`, as it does or as somebody else's did."""
        while self._ahead is not None and not self._is_connected():
            if trouble := await asyncio.shield(self._ahead):
                raise Unreachable(trouble)
        return await (connect() if self._is_connected() else self._go_ahead(connect))

    async def _go_ahead(self, connect: Callable[[], Awaitable[C]]) -> C:
        self._ahead = ahead = asyncio.get_running_loop().create_future()
        try:
            connection = await connect()
        except Unreachable as trouble:
            ahead.set_result(str(trouble))
            raise
        finally:
            self._ahead = None
            if not ahead.done():
                ahead.set_result(None)
        return connection

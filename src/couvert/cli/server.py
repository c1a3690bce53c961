"""Uvicorn, and what has to be told that it stops before it waits for requests to end."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, *, stopping: Callable[[], None]) -> None:
        """`stopping` is called on the event loop: whatever would last for ever is to end now."""
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)

"""Listens, and stops in order."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from couvert.simulator.connection import Connection, connections
from couvert.simulator.routes import Routes
from couvert.simulator.world import Options, World

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """An `OSError` says why not; port 0 takes a free one."""
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener


@asynccontextmanager
async def serving(
    options: Options, listener: socket.socket, *, tls: ssl.SSLContext | None = None, url: str | None = None
) -> AsyncIterator[World]:
    """The world that is served there; `url` is how others reach it, if not by the listener's own address."""
    world, opened = World(options), set[Connection]()
    host, port, *_ = listener.getsockname()
    shown = f"[{host}]" if ":" in host else host
    world.url = url or f"{'https' if tls else 'http'}://{shown}:{port}"
    factory = connections(Routes(world), opened)
    server = await asyncio.get_running_loop().create_server(factory, sock=listener, ssl=tls, backlog=BACKLOG)
    world.subscribe()
    notices = asyncio.gather(world.publisher.run(), world.sns.run())
    try:
        yield world
    finally:
        server.close()
        notices.cancel()
        with suppress(asyncio.CancelledError):
            await notices
        for connection in tuple(opened):
            connection.close()
        await asyncio.sleep(0)

"""Receivers of webhooks: one hangs, one is gone, one answers with a gigabyte, one takes all. Prints their ports."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def hangs(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def is_gone(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")


async def floods(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 1000000000\r\n\r\n")
    for _n in range(15_000):
        writer.write(b"x" * 65_536)
        await writer.drain()


async def takes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 204 Thanks\r\n\r\n")


ANSWERS: dict[str, Answer] = {"hangs": hangs, "gone": is_gone, "floods": floods, "takes": takes}


async def main() -> None:
    servers = {name: await asyncio.start_server(_serving(answer), "127.0.0.1", 0) for name, answer in ANSWERS.items()}
    print(json.dumps({name: server.sockets[0].getsockname()[1] for name, server in servers.items()}), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it ends


def _serving(answer: Answer) -> Answer:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
            await writer.drain()
        writer.close()

    return serve


asyncio.run(main())

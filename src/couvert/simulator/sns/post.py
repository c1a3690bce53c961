"""Posts over connections that are kept: what a notice needs of HTTP, and no more."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

PATIENCE_SECONDS: Final = 15
"""As long as SNS waits for an answer."""
LONGEST_LINE: Final = 65_536


class _Link(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Poster:
    def __init__(self) -> None:
        self._idle: dict[tuple[str, str], list[_Link]] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status; an `OSError` or a `TimeoutError` says that there was none."""
        parts = urlsplit(url)
        home = (parts.scheme, parts.netloc)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while idle := self._idle.get(home):
                # One that the other side closed meanwhile says so by nothing at all.
                if status := await self._asked(home, idle.pop(), head.encode() + body):
                    return status
            status = await self._asked(home, await self._opened(url), head.encode() + body)
        if not status:
            raise ConnectionResetError("no answer")
        return status

    async def _opened(self, url: str) -> _Link:
        parts = urlsplit(url)
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        return _Link(*await asyncio.open_connection(parts.hostname, parts.port or (443 if tls else 80), ssl=tls))

    async def _asked(self, home: tuple[str, str], link: _Link, request: bytes) -> int:
        kept = False
        try:
            link.writer.write(request)
            status, length = await _head(link.reader)
            if length is not None:
                await link.reader.readexactly(length)
                kept = True
            return status
        except (ConnectionError, asyncio.IncompleteReadError):
            return 0
        finally:
            if kept:
                self._idle.setdefault(home, []).append(link)
            else:
                link.writer.transport.abort()

    def close(self) -> None:
        for links in self._idle.values():
            for link in links:
                link.writer.transport.abort()
        self._idle.clear()


async def _head(reader: asyncio.StreamReader) -> tuple[int, int | None]:
    """The status, and how long the body is; None where the connection is not to be used again."""
    first = (await reader.readline()).split()
    if len(first) < 2 or not first[1].isdigit():
        raise ConnectionResetError("no HTTP")
    length: int | None = 0 if first[1] in {b"204", b"304"} else None
    may_keep = first[0] == b"HTTP/1.1"
    while (line := await reader.readline()).strip():
        name, _, value = line.lower().partition(b":")
        if name == b"content-length" and value.strip().isdigit():
            length = int(value)
        elif name == b"connection" and value.strip() == b"close":
            may_keep = False
    return int(first[1]), length if may_keep else None

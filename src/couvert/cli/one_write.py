"""Head and body of an answer leave in one write: uvicorn writes two, and the second costs 3 us of 33 per request."""

from __future__ import annotations

import asyncio
from typing import Any, Final

SMALL: Final = 16_384
"""Bytes of a body that may be copied behind its head; a larger one costs more to copy than to write."""


class OneWrite:
    """A transport that holds the head of an answer until its body is written, or the event loop's turn is over."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._head = b""

    def write(self, data: bytes) -> None:
        head, self._head = self._head, b""
        if not head and data[:9] == b"HTTP/1.1 ":
            self._head = data
            self._loop.call_soon(self._flush)
        elif len(data) <= SMALL:
            self._transport.write(head + data)
        else:
            self._transport.write(head)
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

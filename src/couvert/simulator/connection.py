"""One HTTP connection: parsed in C, answered in order, and cut at any point where a fault says so."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import httptools

from couvert.simulator.exchange import Answer, Cut, Outcome, Reply, Request


class Door(Protocol):
    def cuts_before_body(self, method: str, path: str) -> bool:
        """Asked when the head of a request is read."""
        ...

    def answer(self, request: Request) -> Reply: ...


class Connection(asyncio.Protocol):
    def __init__(self, door: Door, opened: set[Connection]) -> None:
        self._door = door
        self._opened = opened
        self._waiting: deque[Request] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._keeps_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._opened.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._opened.discard(self)
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cut()
        except httptools.HttpParserError:
            self._transport.write(Answer(400, b'{"message":"This is not HTTP/1.1."}').encoded())
            self._transport.close()
        self._serve_waiting()

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._method = self._parser.get_method().decode()
        if self._door.cuts_before_body(self._method, self._target.decode("latin-1")):
            self.cut()
        elif self._headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._transport.is_closing():
            return
        self._keeps_open = self._parser.should_keep_alive()
        self._waiting.append(Request(self._method, self._target.decode("latin-1"), self._headers, b"".join(self._body)))

    # What is answered, one after the other.

    def _serve_waiting(self) -> None:
        while self._waiting and self._answering is None:
            reply = self._door.answer(self._waiting.popleft())
            if isinstance(reply, Answer | Cut):
                self._write(reply)
            else:
                self._answering = asyncio.ensure_future(self._later(reply))

    async def _later(self, reply: Awaitable[Outcome]) -> None:
        self._write(await reply)
        self._answering = None
        self._serve_waiting()

    def _write(self, outcome: Outcome) -> None:
        if isinstance(outcome, Cut):
            self.cut()
            return
        self._transport.write(outcome.encoded())
        if not self._keeps_open:
            self._transport.close()

    def cut(self) -> None:
        self._transport.abort()

    def close(self) -> None:
        self._transport.close()


def connections(door: Door, opened: set[Connection]) -> Callable[[], Connection]:
    return lambda: Connection(door, opened)

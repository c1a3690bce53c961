"""Posts one message over HTTP/1.1 and reads a little of the answer: no redirects, no proxies, no private networks.

The name is resolved once; the addresses that come of it are judged, and they are what is connected to. So a name that
leads elsewhere a moment later (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httptools

from couvert.delivery.webhooks.answer import Answer, Hearing
from couvert.domain.endpoint import Endpoint, is_public

TIMEOUT_SECONDS: Final = 15.0
CONNECT_SECONDS: Final = 5.0
"""For one of several addresses, so that there is time for the next."""
BODY_SECONDS: Final = 2.0
"""The answer is its status; the rest is read for the excerpt alone."""
MOST_READ: Final = 65_536

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Forbidden(Exception):
    """The name leads where nothing may be sent."""


async def resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class Client:
    allows_private: bool = False
    resolve: Resolve = resolve
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    timeout_seconds: float = TIMEOUT_SECONDS

    async def post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises nothing that the network or the receiver could cause: that is the answer's `error`."""
        answered = Answer()
        try:
            async with asyncio.timeout(self.timeout_seconds):
                await self._exchange(endpoint, _request(endpoint, headers, body), answered)
        except TimeoutError:
            answered.error = answered.error or f"no answer within {self.timeout_seconds:g} s"
        except httptools.HttpParserUpgrade:  # its text is a number of bytes
            answered.error = "it wants to speak another protocol"
        except (OSError, Forbidden, httptools.HttpParserError, UnicodeError) as trouble:
            answered.error = str(trouble)[:300] or type(trouble).__name__
        # Whatever happened to the body, the receiver has said what it wanted to say.
        answered.error = None if answered.status else answered.error
        return answered

    async def _exchange(self, endpoint: Endpoint, request: bytes, answered: Answer) -> None:
        reader, writer = await self._connected(endpoint)
        try:
            writer.write(request)
            await writer.drain()
            await _read(reader, answered)
        finally:
            writer.transport.abort()  # closing properly would wait for the other side

    async def _connected(self, endpoint: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        addresses = await self.resolve(endpoint.host, endpoint.port)
        if not self.allows_private and not all(map(is_public, addresses)):
            raise Forbidden(f"{endpoint.host} leads into a private network; COUVERT_WEBHOOK_ALLOW_PRIVATE allows that")
        tls = self.tls if endpoint.scheme == "https" else None
        trouble = OSError(f"{endpoint.host} has no address")
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(
                        address, endpoint.port, limit=MOST_READ, ssl=tls, server_hostname=tls and endpoint.host
                    )
            except OSError as error:  # a time-out is one
                trouble = OSError(f"cannot connect: {str(error) or 'no answer'}")
        raise trouble


async def _read(reader: asyncio.StreamReader, answered: Answer) -> None:
    hearing, loop, left = Hearing(answered), asyncio.get_running_loop(), MOST_READ
    ends_at = None
    while left > 0 and not answered.is_complete:
        if answered.status is not None and ends_at is None:
            ends_at = loop.time() + BODY_SECONDS
        async with asyncio.timeout_at(ends_at):
            data = await reader.read(min(left, 16_384))
        if not data:
            break
        left -= len(data)
        hearing.feed(data)
    if answered.status is None:
        answered.error = "the connection ended without an answer" if left else "the answer's head never ended"


def _request(endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"POST {endpoint.target} HTTP/1.1", f"Host: {endpoint.authority}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body

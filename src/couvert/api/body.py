"""A request's body: JSON by its type, bounded, and read only as far as it is wanted."""

from __future__ import annotations

import asyncio
import codecs
import re
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Send

from couvert.api.refusals import BodyTooLarge, UnsupportedMediaType

LINGER_BYTES: Final = 100_000_000
"""Three times what /v2 takes by default: nothing of it is kept."""
LINGER_SECONDS: Final = 5.0

_JSON: Final = re.compile(r"\s*application/([\w.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)


async def read_json(request: Request, *, limit: int) -> bytes:
    """The raw body. Raises `UnsupportedMediaType` and `BodyTooLarge`, where they can be known before a byte is read."""
    _check_type(request.headers)
    return await _bounded(request, limit)


async def read_text(request: Request, media_type: str, *, limit: int) -> bytes:
    """As `read_json`, of a body that is text; its charset is UTF-8."""
    given = request.headers.get("content-type", media_type).partition(";")[0].strip().lower()
    if given != media_type:
        raise UnsupportedMediaType(f"Send the body as {media_type}.")
    _check_encoding(request.headers)
    return await _bounded(request, limit)


async def _bounded(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge(limit)
    # .NET and some editors begin a file with it; no JSON parser wants it.
    return (await _read(request.receive, limit)).removeprefix(codecs.BOM_UTF8)


def lingering(receive: Receive, send: Send) -> Send:
    """Take in a little more of an unwanted body before the connection closes.

    A socket closed on unread bytes is reset, and a sender that was still writing never sees why (RFC 9112, 9.6).
    """

    async def send_and_linger(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await send({**message, "more_body": True})
            await _discard(receive)
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return send_and_linger


def _check_type(headers: Headers) -> None:
    """No type is JSON. A charset is ignored: JSON is UTF-8, whatever it says (RFC 8259, 8.1)."""
    content_type = headers.get("content-type")
    if content_type and content_type != "application/json" and not _JSON.fullmatch(content_type):
        raise UnsupportedMediaType("Send the body as application/json.")
    _check_encoding(headers)


def _check_encoding(headers: Headers) -> None:
    if headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMediaType("Send the body without a content encoding.")


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _discard(receive: Receive) -> None:
    size = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while size < LINGER_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return

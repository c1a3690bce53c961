"""Server-Sent Events: the log as it grows, to whoever listens, as fast as they listen.

Nothing is kept for a client but one batch: the next is read from the log once this one has left. So a slow client
costs no memory, and one that comes back with its last event's id misses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from couvert.api.parts import Parts
from couvert.api.v2 import errors
from couvert.api.v2.event_answers import event_answer
from couvert.domain.refusals import Refusal, Unavailable
from couvert.readmodels.event_views import Subject
from couvert.readmodels.views import EventView
from couvert.store.log import Position

MEDIA_TYPE: Final = "text/event-stream"
BATCH: Final = 100
HEARTBEAT_SECONDS: Final = 15.0
"""Proxies take silence for death after 30 s or more."""
GATHER_SECONDS: Final = 0.02
"""Events that come one by one leave together."""
CHECK_SECONDS: Final = 1.0
"""How long a token may be heard after it was revoked."""
_OPENING: Final = b"retry: 1000\n: open\n\n"
_HEARTBEAT: Final = b": still here\n\n"


@dataclass(slots=True)
class Tap:
    """What a client wants to hear, and how far it has heard."""

    after: Position
    types: Sequence[str]
    subject: Subject | None


class EventStream(Response):
    media_type = MEDIA_TYPE

    def __init__(self, parts: Parts, tap: Tap, secret: str, *, is_head: bool = False) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._parts = parts
        self._tap = tap
        self._secret = secret
        self._is_head = is_head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Until the client goes away, the service stops, or the token is worth nothing any more."""
        del scope
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if not self._is_head:
            await _first_of(self._pour(send), _gone(receive), self._parts.feed.over(), self._is_revoked())
        # A client that reads nothing would keep even this waiting.
        with suppress(TimeoutError):
            async with asyncio.timeout(CHECK_SECONDS):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pour(self, send: Send) -> None:
        await _write(send, _OPENING)
        while True:
            try:
                found = await self._parts.reading.events(
                    after=self._tap.after, limit=BATCH, types=self._tap.types, subject=self._tap.subject
                )
            except Unavailable:
                await asyncio.sleep(CHECK_SECONDS)
                continue
            if found.events:
                await _write(send, b"".join(map(_block, found.events)))
            self._tap.after = found.looked_up_to
            if found.is_end and not await self._parts.feed.wait_beyond(self._tap.after, HEARTBEAT_SECONDS):
                await _write(send, _HEARTBEAT)
            elif found.is_end:
                await asyncio.sleep(GATHER_SECONDS)

    async def _is_revoked(self) -> None:
        """Returns once it is."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                caller = await self._parts.callers.find(self._secret, fresh=False)
            except Refusal as refusal:
                if errors.POLICY[refusal.code].status == 401:
                    return
            else:
                if "api_read" not in caller.roles:
                    return


def _block(event: EventView) -> bytes:
    data = msgspec.json.encode(event_answer(event))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position, event.type.encode(), data)


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(*ways: Coroutine[Any, Any, None]) -> None:
    """Until one ends; the others are ended with it, whatever happens."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()

"""One HTTP/1.1 connection to SES: it asks one call at a time and knows whether all of it was written."""

from __future__ import annotations

import asyncio
from typing import Final, cast

import httptools

from couvert.delivery.alarm import Alarm
from couvert.delivery.transport import Clearance
from couvert.delivery.transports.ses.reply import NotAnswered, NotSent, Reply

BLOCK: Final = 65_536
"""A body above this leaves in blocks, each once the one before has left, and the last by itself."""


class Uncleared(Exception):
    """The lease was lost before the last byte of the body was written."""


class Connection(asyncio.Protocol):
    def __init__(self, loop: asyncio.AbstractEventLoop, idle_seconds: float) -> None:
        self.opened_at = loop.time()
        self.keeps_open = True
        self._loop = loop
        self._idle_seconds = idle_seconds
        self._alarm = Alarm(loop, self._time_is_up)
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[Reply] | None = None
        self._is_written = False
        """The last byte of the call under way was given to the operating system, as far as anybody can know."""
        self._headers: dict[str, str] = {}
        self._body = b""
        self._trouble: str | None = None
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def is_live(self) -> bool:
        return self._trouble is None and self.keeps_open

    @property
    def has_written_all(self) -> bool:
        """Of the last call: that nobody can say any more that a part of it stayed here."""
        return self._is_written

    async def ask(self, head: bytes, body: bytes, clearance: Clearance, seconds: float) -> Reply:
        """The answer to one call. Raise `NotSent`, `Uncleared` or `NotAnswered`; then the connection is dropped."""
        self._begin(seconds)
        assert self._answer is not None
        try:
            if len(body) <= BLOCK:
                self._write_last(head + body)
            else:
                await self._pour(head, body, clearance)
            return await self._answer
        except BaseException as error:
            self._answer = None
            self.drop("the call was given up" if isinstance(error, asyncio.CancelledError) else str(error))
            raise
        finally:
            self._answer = None
            self._alarm.off()

    def rest(self) -> None:
        """Nothing is planned: idleness is an end."""
        self._alarm.within(self._idle_seconds)

    def reserve(self) -> None:
        self._alarm.off()

    def drop(self, reason: str) -> None:
        """Close now; what has not left stays here."""
        self._trouble = self._trouble or reason
        self._alarm.destroy()
        self._transport.abort()
        if self._answer is not None and not self._answer.done():
            broken = NotAnswered if self._is_written else NotSent
            self._answer.set_exception(broken(self._trouble))
        self._flows.set()

    # --- What the event loop reports ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class, only by behaviour

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.drop("SES spoke unasked")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.drop(f"what SES answered is not HTTP/1.1: {error}")

    def pause_writing(self) -> None:
        self._flows.clear()

    def resume_writing(self) -> None:
        self._flows.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.drop(f"the connection broke: {error}" if error else "SES closed the connection")

    # --- What the parser calls ----------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # a "100 Continue" that nobody asked for
            self._headers = {}
            return
        # An answer before the call was complete: the rest of it would be read as the next call.
        self.keeps_open = self._parser.should_keep_alive() and self._is_written
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Reply(status, self._headers, self._body))

    # --- Details, in the order they are called ------------------------------------------------------------------------

    def _begin(self, seconds: float) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._body = {}, b""
        self._is_written = False
        self._answer = self._loop.create_future()
        self._alarm.within(seconds)

    def _write_last(self, part: bytes) -> None:
        if self._trouble is not None or self._transport.is_closing():
            raise NotSent(self._trouble or "the connection is closing")
        self._is_written = True
        self._transport.write(part)

    async def _pour(self, head: bytes, body: bytes, clearance: Clearance) -> None:
        """Block by block; an answer that comes before the end is the answer."""
        assert self._answer is not None
        part = head
        for start in range(0, len(body), BLOCK):
            self._transport.write(part)
            await self._flows.wait()
            if self._answer.done():
                return
            if not clearance.may_complete():
                raise Uncleared
            part = body[start : start + BLOCK]
        self._write_last(part)

    def _time_is_up(self) -> None:
        self.drop("SES took too long" if self._answer is not None else "it was idle")

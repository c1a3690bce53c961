"""One connection to a relay: it says a dialogue's lines, feeds it the replies, and tells it when the line is cut."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, TypeVar, cast

from couvert.delivery.alarm import Alarm
from couvert.delivery.transports.smtp.relay import Patience
from couvert.delivery.transports.smtp.reply import LAST_WORDS, Reply, ReplyReader
from couvert.delivery.transports.smtp.session import Broken, Dialogue, Say, Session, Unsaid

T = TypeVar("T")


class Connection(asyncio.Protocol):
    """Runs one dialogue at a time inside the event loop's callbacks: a task wakes once per message, not per reply."""

    def __init__(self, loop: asyncio.AbstractEventLoop, patience: Patience) -> None:
        self.session = Session()
        self.opened_at = loop.time()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._patience = patience
        self._alarm = Alarm(loop, self._time_is_up)
        self._reader = ReplyReader()
        self._transport: asyncio.Transport
        self._dialogue: Dialogue[Any] | None = None
        self._ending: asyncio.Future[Any]
        self._heard: list[Reply] = []
        self._wanted = 0
        self._pours = False
        self._is_full = False
        self._expects_nothing = False
        self._is_leaving = False
        self._trouble: str | None = None

    # --- What it is asked to do ---------------------------------------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """Whether a dialogue can be had. A relay that spoke unasked, if only half a line, is out of step for good."""
        return self._trouble is None and not (self._is_leaving or self._heard or self._reader.is_amid)

    @property
    def encryption(self) -> str | None:
        """`TLSv1.3`, or None if what is said can be read on the way."""
        encrypted = self._transport.get_extra_info("ssl_object")
        return encrypted.version() if encrypted else None

    async def converse(self, dialogue: Dialogue[T]) -> T:
        """Run the dialogue and return what came of it. If cancelled, drop the connection in mid-sentence."""
        self._expects_nothing = False
        self._dialogue = dialogue
        self._ending = self._loop.create_future()
        self._go_on(dialogue.__next__)
        self._hear()
        try:
            result: T = await self._ending
        except asyncio.CancelledError:
            self._dialogue = None
            self.drop("the hand-over was cancelled")
            raise
        return result

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Upgrade to TLS, where the relay has just agreed to. What it (or somebody between) said since is a forgery."""
        if not self.is_live:
            raise Broken(self._trouble or "something was said between STARTTLS and TLS", [])
        upgraded = await self._loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=self._patience.reply
        )
        assert upgraded is not None
        self._transport = upgraded

    def reserve(self) -> None:
        """A dialogue comes next, some time: until then the relay has nothing to say, and idleness is no end."""
        self._expects_nothing = True
        self._alarm.off()

    def rest(self) -> None:
        """Nothing is planned: idleness is an end."""
        self._expects_nothing = True
        self._alarm.within(self._patience.idle)

    def leave(self) -> None:
        """Say QUIT, and close when the relay has answered or used up its time; where QUIT cannot be said, close."""
        if not self.is_live or self.session.is_over:
            self.drop("the conversation was over")
            return
        self._is_leaving = True
        self._alarm.within(self._patience.farewell)
        self._transport.write(b"QUIT\r\n")

    def drop(self, reason: str, broken: type[Broken] = Broken) -> None:
        """Close now; what has not left stays here."""
        self._trouble = self._trouble or reason
        self._transport.abort()
        if (dialogue := self._dialogue) is not None:
            heard, self._heard = self._heard, []
            self._go_on(dialogue.throw, broken(self._trouble, heard))

    @property
    def is_encrypted(self) -> bool:
        return self._transport.get_extra_info("ssl_object") is not None

    @property
    def own_address(self) -> str:
        return str(self._transport.get_extra_info("sockname")[0])

    @property
    def peer_address(self) -> str:
        return str(self._transport.get_extra_info("peername")[0])

    # --- What the event loop reports ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class, only by behaviour

    def data_received(self, data: bytes) -> None:
        if self._is_leaving:
            self._transport.close()
            return
        self._heard += self._reader.feed(data)
        if self._expects_nothing:
            self.drop("the relay spoke unasked")
        else:
            self._hear()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._flow()

    def eof_received(self) -> None:
        self.drop("the relay closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        self.drop(f"the connection broke: {error}" if error else "the relay closed the connection")
        self._alarm.destroy()
        if not self.lost.done():
            self.lost.set_result(None)

    def _time_is_up(self) -> None:
        if self._dialogue is not None:
            self.drop("the relay took too long")
        elif self._is_leaving:
            self.drop("the relay took too long to say goodbye")
        else:
            self.leave()

    # --- The dialogue -------------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        """Pass on what the relay said once it is as much as was asked for, or its last word."""
        while self._dialogue is not None and (heard := self._heard):
            if len(heard) < self._wanted and heard[-1].code not in LAST_WORDS:
                return
            self._heard = heard[self._wanted :]
            self._go_on(self._dialogue.send, heard[: self._wanted])

    def _go_on(self, resume: Callable[..., Say], *heard: object) -> None:
        """Take the dialogue to the next thing it wants to say, and say that at once."""
        try:
            say = resume(*heard)
        except StopIteration as end:
            self._end(end.value)
        except Exception as error:  # noqa: BLE001 - raised where the dialogue is awaited
            self._fail(error)
        else:
            self._say(say)

    def _say(self, say: Say) -> None:
        if self._trouble is not None or (say.line and (self._heard or self._reader.is_amid)):
            self._heard = []  # None of it answers this line, or any other.
            self.drop("the relay answered what was not asked yet", Unsaid)
        else:
            self._alarm.within(say.seconds)
            self._wanted = say.replies
            self._pours = say.pours
            if say.line:
                self._transport.write(say.line)
            if say.pours:
                self._loop.call_soon(self._flow)  # not at once: others get their turn between two blocks

    def _flow(self) -> None:
        """What was said has left, as far as anybody here can know: the next block may follow."""
        if self._pours and not self._is_full and self._dialogue is not None:
            self._pours = False
            self._go_on(self._dialogue.send, [])

    def _end(self, result: object) -> None:
        self._dialogue = None
        self._alarm.off()
        if not self._ending.done():
            self._ending.set_result(result)

    def _fail(self, error: Exception) -> None:
        self._dialogue = None
        if not self._ending.done():
            self._ending.set_exception(error)
        self.drop("the conversation failed")

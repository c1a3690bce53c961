"""The SES transport: a bounded number of connections, the last one used being used first."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Final

from botocore.httpsession import get_cert_path

from couvert.delivery.reservation import Reservation
from couvert.delivery.scout import Scout
from couvert.delivery.transport import (
    Channel,
    Clearance,
    Message,
    Outcome,
    Refused,
    Surroundings,
    TryLater,
    Unknown,
    Unreachable,
    Withheld,
)
from couvert.delivery.transports.ses.account import SesAccount
from couvert.delivery.transports.ses.classify import outcome
from couvert.delivery.transports.ses.connection import Connection, Uncleared
from couvert.delivery.transports.ses.examination import examined
from couvert.delivery.transports.ses.hindrance import hindrance_or_none
from couvert.delivery.transports.ses.options import SesOptions
from couvert.delivery.transports.ses.reply import NotAnswered, NotSent
from couvert.delivery.transports.ses.signed import Endpoint, Signer, Wording
from couvert.domain.finding import Finding

MAX_AGE: Final = 300.0
"""Seconds: SES moves behind its name, and a new connection costs nothing at that rate."""
QUIET: Final = 1.0
"""Seconds without traffic after which the event loop looks at its sockets before a kept connection is trusted."""


class SesTransport:
    """Hands mail to SES in one region. Used from one event loop."""

    name = "ses"

    def __init__(self, account: SesAccount, options: SesOptions) -> None:
        self._account = account
        self._options = options
        self._wording = Wording(options)
        self._free = asyncio.Semaphore(options.connections)
        self._idle: deque[Connection] = deque()
        self._in_use = 0
        self._scout = Scout(self._is_connected)
        self._context: ssl.SSLContext | None = None
        self._used_at = 0.0
        self._is_closed = False

    async def channel(self) -> Channel:
        """A connection, kept or new, and credentials; those who wait are served in order."""
        await self._free.acquire()
        try:
            signer = await self._account.signer()
            connection = await self._kept_or_none() or await self._new(signer.endpoint)
        except BaseException:
            self._free.release()
            raise
        self._in_use += 1
        connection.reserve()
        return SesChannel(self, connection, signer)

    async def free_channel(self) -> Channel | None:
        is_fresh = asyncio.get_running_loop().time() - self._used_at <= QUIET
        if self._free.locked() or not is_fresh or self._account.fresh_signer is None:
            return None
        return await self.channel() if self._idle and self._idle[-1].is_live else None

    async def rest(self) -> None:
        while self._idle:
            self._idle.pop().drop("nothing is to be sent for a while")

    async def examine(self, around: Surroundings) -> Sequence[Finding]:
        async def reach() -> None:
            (await self.channel()).release()

        return await examined(self._options, around, reach)

    async def close(self) -> None:
        self._is_closed = True
        await self.rest()

    def take_back(self, connection: Connection) -> None:
        self._used_at = now = asyncio.get_running_loop().time()
        self._in_use -= 1
        self._free.release()
        if connection.is_live and not self._is_closed and now - connection.opened_at < MAX_AGE:
            connection.rest()
            self._idle.append(connection)
        else:
            connection.drop("it is not to be used again")

    async def call(self, connection: Connection, signer: Signer, message: Message, clearance: Clearance) -> Outcome:
        """One message handed over, and what became of it."""
        if hindrance := hindrance_or_none(message):
            return Refused(hindrance, was_asked=False)
        body = self._wording.body(message)
        head = signer.head(body)
        if not clearance.may_begin():
            return Withheld("the time to begin was over")
        if not clearance.may_complete():
            return Withheld("the lease was lost before the content")
        try:
            reply = await connection.ask(head, body, clearance, self._options.timeout_seconds)
        except NotSent as broken:
            return TryLater(f"{broken} (before the whole message had left)")
        except Uncleared:
            return Withheld("the lease was lost before the whole message had left")
        except NotAnswered as broken:
            return Unknown(f"{broken} (after the whole message had left)")
        meant = outcome(reply, message)
        if isinstance(meant, Unknown) and not connection.has_written_all:
            return TryLater(f"{reply} (before the whole message had left)")
        return meant

    async def _kept_or_none(self) -> Connection | None:
        if self._idle and asyncio.get_running_loop().time() - self._used_at > QUIET:
            await asyncio.sleep(0)  # Two turns, between which the loop reads what SES did meanwhile:
            await asyncio.sleep(0)  # a process that slept sees only now that its connections were closed.
        while self._idle:
            connection = self._idle.pop()
            if connection.is_live:
                return connection
        return None

    def _is_connected(self) -> bool:
        return self._in_use > 0 or any(connection.is_live for connection in self._idle)

    async def _new(self, endpoint: Endpoint) -> Connection:
        return await self._scout.connection(lambda: self._connect(endpoint))

    async def _connect(self, endpoint: Endpoint) -> Connection:
        loop = asyncio.get_running_loop()
        where = f"SES at {endpoint.host}:{endpoint.port}"
        if self._is_closed:
            raise Unreachable(f"{where}: the transport is closed")
        try:
            async with asyncio.timeout(self._options.connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._options.idle_seconds),
                    endpoint.host,
                    endpoint.port,
                    ssl=self._tls() if endpoint.is_encrypted else None,
                )
        except (OSError, ValueError) as error:
            raise Unreachable(f"{where}: {_words(error)}") from error
        return connection

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            authorities = os.environ.get("AWS_CA_BUNDLE") or get_cert_path(verify=True)
            try:
                self._context = ssl.create_default_context(cafile=authorities)
            except OSError as error:
                raise Unreachable(f"the certificates of AWS_CA_BUNDLE={authorities}: {error.strerror}") from error
        return self._context


class SesChannel(Reservation[Connection]):
    """One reserved connection, for one message."""

    __slots__ = ("_signer", "_transport")

    def __init__(self, transport: SesTransport, connection: Connection, signer: Signer) -> None:
        super().__init__(connection, transport.take_back)
        self._transport = transport
        self._signer = signer

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        connection = self.taken_out()
        try:
            return await self._transport.call(connection, self._signer, message, clearance)
        finally:
            self._transport.take_back(connection)


def _words(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message} (AWS_CA_BUNDLE names an authority)"
        case socket.gaierror():
            return f"its name cannot be resolved: {error.strerror}"
        case TimeoutError() if not error.errno:
            return "no connection in time"
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number).lower()
        case _:
            return str(error)

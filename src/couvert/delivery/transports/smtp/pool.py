"""The SMTP transport: a bounded number of connections to one relay, the last one used being used first."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence

import structlog

from couvert.delivery.reservation import Reservation
from couvert.delivery.scout import Scout
from couvert.delivery.transport import Channel, Clearance, Message, Outcome, Surroundings, Unreachable
from couvert.delivery.transports.smtp.connect import connect
from couvert.delivery.transports.smtp.connection import Connection
from couvert.delivery.transports.smtp.examination import examined
from couvert.delivery.transports.smtp.relay import Patience, Relay, Tls
from couvert.delivery.transports.smtp.slots import Slots
from couvert.delivery.transports.smtp.transaction import transaction
from couvert.domain.finding import Finding

MAX_TRANSACTIONS = 1000
"""Exim's own limit (`smtp_accept_max_per_connection`); at 1,000 even a new TLS connection costs 2 us a message."""
MAX_AGE = 300.0
"""Seconds, as in Postfix: a relay behind a load balancer, or one that moved, gets its new share in time."""
QUIET = 1.0
"""Seconds without traffic after which the event loop looks at its sockets before a kept connection is trusted."""

log = structlog.get_logger()


class SmtpTransport:
    """Hands mail to one relay. Used from one event loop."""

    name = "smtp"

    def __init__(self, relay: Relay, patience: Patience | None = None) -> None:
        self._relay = relay
        self._patience = patience or relay.patience
        self._context: ssl.SSLContext | None = None if relay.tls is Tls.OFF else relay.tls_context()
        self._slots = Slots(relay.connections)
        self._idle: deque[Connection] = deque()
        self._in_use = 0
        self._scout = Scout(lambda: self._is_connected)
        self._used_at = 0.0
        self._is_closed = False

    async def channel(self) -> Channel:
        """Reserve a live connection, kept or new; those who wait are served in order. `Unreachable` if none opens.

        A relay that has some connections of ours and wants no more is waited for: one of those is soon free.
        """
        while True:
            await self._slots.take()
            try:
                connection = await self._kept_or_none() or await self._new()
            except Unreachable as trouble:
                if self._is_closed or not self._is_connected:
                    self._slots.give()
                    self._slots.give_all()
                    raise
                if self._slots.hold_back():
                    log.warning("relay.allows_fewer_connections", in_use=self._in_use, trouble=str(trouble))
            except BaseException:
                self._slots.give()
                raise
            else:
                self._in_use += 1
                connection.reserve()
                return SmtpChannel(self, connection, self._patience)

    async def free_channel(self) -> Channel | None:
        is_fresh = asyncio.get_running_loop().time() - self._used_at <= QUIET
        if self._slots.are_taken or not is_fresh or not self._idle or not self._idle[-1].is_live:
            return None
        return await self.channel()

    async def examine(self, _: Surroundings) -> Sequence[Finding]:
        channel = await self.channel()
        assert isinstance(channel, SmtpChannel)
        encryption = channel.encryption
        channel.release()
        return examined(self._relay, encryption)

    async def rest(self) -> None:
        """Say QUIT on the idle connections and see them gone, which a relay cannot hold up for long."""
        leaving = list(self._idle)
        self._idle.clear()
        for connection in leaving:
            connection.leave()
        if leaving:
            await asyncio.wait([connection.lost for connection in leaving])

    async def close(self) -> None:
        self._is_closed = True
        await self.rest()

    def take_back(self, connection: Connection) -> None:
        """Keep the connection for the next message, or end it; its slot is free either way, at the latest once it is
        gone: a relay that counts still counts those that say goodbye.
        """
        self._used_at = now = asyncio.get_running_loop().time()
        self._in_use -= 1
        if self._is_worth_keeping(connection, now):
            connection.rest()
            self._idle.append(connection)
            self._slots.give()
        else:
            connection.leave()
            connection.lost.add_done_callback(lambda _: self._slots.give())

    @property
    def _is_connected(self) -> bool:
        """Whether there is a connection that mail can be handed over on, now or in a moment."""
        return self._in_use > 0 or any(connection.is_live for connection in self._idle)

    async def _kept_or_none(self) -> Connection | None:
        if self._idle and asyncio.get_running_loop().time() - self._used_at > QUIET:
            await asyncio.sleep(0)  # Two turns, between which the loop reads what the relay did meanwhile:
            await asyncio.sleep(0)  # a process that slept sees only now that its connections were closed.
        while self._idle:
            connection = self._idle.pop()
            if connection.is_live:
                return connection
        return None

    async def _new(self) -> Connection:
        return await self._scout.connection(self._connect)

    async def _connect(self) -> Connection:
        if self._is_closed:
            raise Unreachable(f"relay {self._relay}: the transport is closed")
        return await connect(self._relay, self._patience, self._context)

    def _is_worth_keeping(self, connection: Connection, now: float) -> bool:
        session = connection.session
        return (
            connection.is_live
            and not self._is_closed
            and not session.is_over
            and session.transactions < MAX_TRANSACTIONS
            and now - connection.opened_at < MAX_AGE
        )


class SmtpChannel(Reservation[Connection]):
    """One reserved connection, for one message."""

    __slots__ = ("_patience", "_transport")

    def __init__(self, transport: SmtpTransport, connection: Connection, patience: Patience) -> None:
        super().__init__(connection, transport.take_back)
        self._transport = transport
        self._patience = patience

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        connection = self.taken_out()
        try:
            return await connection.converse(transaction(message, connection.session, clearance, self._patience))
        finally:
            self._transport.take_back(connection)

    @property
    def encryption(self) -> str | None:
        return self._connection.encryption if self._connection else None

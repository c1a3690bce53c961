"""From a relay's name to a connection that mail can be handed over on, or to the reason why there is none."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from ipaddress import ip_address
from typing import Any

from couvert.delivery.transport import Unreachable
from couvert.delivery.transports.smtp.connection import Connection
from couvert.delivery.transports.smtp.opening import greeting, hello, login, starttls
from couvert.delivery.transports.smtp.relay import Patience, Relay, Tls
from couvert.delivery.transports.smtp.session import Broken, Unwelcome


async def connect(relay: Relay, patience: Patience, context: ssl.SSLContext | None) -> Connection:
    """Open a connection up to and including the login, or raise `Unreachable`."""
    try:
        connection = await _reach(relay, patience, context)
        try:
            await _open(connection, relay, patience, context)
        except BaseException:
            connection.drop("it could not be opened")
            raise
    except (OSError, UnicodeError, Broken, Unwelcome) as error:
        raise Unreachable(f"relay {relay}: {_words(error)}") from error
    return connection


async def _reach(relay: Relay, patience: Patience, context: ssl.SSLContext | None) -> Connection:
    """Try the relay's addresses in order, each with a share of the time; raise the last one's error if none answers."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(patience.connect):
        addresses = await loop.getaddrinfo(relay.host, relay.port, type=socket.SOCK_STREAM)
    failure = OSError("its name has no address")
    for family, _, _, _, address in addresses:
        try:
            async with asyncio.timeout(patience.connect / len(addresses)):
                dialled = await _dial(family, address)
                return await _speak(dialled, relay, patience, context)
        except OSError as error:
            failure = error
    raise failure


async def _dial(family: int, address: Any) -> socket.socket:
    dialled = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialled.settimeout(0)
        dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(dialled, address)
    except BaseException:
        dialled.close()
        raise
    return dialled


async def _speak(
    dialled: socket.socket, relay: Relay, patience: Patience, context: ssl.SSLContext | None
) -> Connection:
    """Make it a connection, encrypted if that comes first. From here on the socket is the event loop's to close."""
    loop = asyncio.get_running_loop()
    is_first = relay.tls is Tls.FROM_THE_START
    _, connection = await loop.create_connection(
        lambda: Connection(loop, patience),
        sock=dialled,
        ssl=context if is_first else None,
        server_hostname=relay.host if is_first else None,
    )
    return connection


async def _open(connection: Connection, relay: Relay, patience: Patience, context: ssl.SSLContext | None) -> None:
    name = relay.hello or _own_name(connection)
    offers = await connection.converse(greeting(name, patience.reply))
    if context is not None and relay.tls in (Tls.IF_OFFERED, Tls.REQUIRED) and offers.starttls:
        await connection.converse(starttls(patience.reply))
        await connection.encrypt(context, relay.host)
        offers = await connection.converse(hello(name, patience.reply))  # what was offered in the clear counts no more
    if relay.tls is Tls.REQUIRED and not connection.is_encrypted:
        raise Unwelcome("it offers no STARTTLS, and the setting is tls=require")
    if relay.user is not None:
        _check_privacy(connection, relay)
        await connection.converse(login(relay.user, relay.password, offers, patience.reply))
    if not connection.is_live:
        raise Unwelcome("it answers what was not asked")
    connection.session.offers = offers


def _check_privacy(connection: Connection, relay: Relay) -> None:
    """Whoever stands between can strip the offer of STARTTLS: then there is no mail, rather than a stolen password."""
    if not (connection.is_encrypted or relay.plaintext_login or ip_address(connection.peer_address).is_loopback):
        raise Unwelcome("it offers no encryption, without which no password is sent (?auth=plaintext allows it)")


def _own_name(connection: Connection) -> str:
    """This machine's name if it is a full one, else the connection's own address, as RFC 5321 has it."""
    name = socket.gethostname()
    if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name):
        return name
    address = connection.own_address.partition("%")[0]  # without the zone, which means nothing elsewhere
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _words(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return (
                f"its certificate is not trusted: {error.verify_message} "
                "(?cafile=PATH names an authority of your own, ?verify=off trusts anybody)"
            )
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case socket.gaierror():
            return f"its name cannot be resolved: {error.strerror}"
        case UnicodeError():
            return "its name is no host name"
        case TimeoutError() if not error.errno:
            return "no connection in time"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
        case _:
            return str(error)

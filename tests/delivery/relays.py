"""Relays to hand mail to: one that says exactly what a test wants, and one (aiosmtpd) that knows SMTP by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext

from aiosmtpd.smtp import SMTP, Envelope, Session

from couvert.delivery.transport import Message, Outcome, Transport
from couvert.delivery.transports.smtp import Patience, Relay, SmtpTransport, Tls

BRIEF = Patience(connect=1.0, reply=0.2, verdict=0.2, idle=5.0, farewell=0.2)
CONTENT = b"Subject: Your order\r\n\r\nIt is on its way.\r\n"


def mail(recipient: str = "charlie@example.org", content: bytes = CONTENT, sender: str = "shop@example.com") -> Message:
    return Message(delivery_id=1, attempt=1, sender=sender, recipient=recipient, content=content)


@dataclass
class Word:
    """The worker's word, as a test gives it: how often it still says yes."""

    begin: int = 1_000_000
    complete: int = 1_000_000

    def may_begin(self) -> bool:
        self.begin -= 1
        return self.begin >= 0

    def may_complete(self) -> bool:
        self.complete -= 1
        return self.complete >= 0


async def hand_over(transport: Transport, message: Message | None = None, word: Word | None = None) -> Outcome:
    channel = await transport.channel()
    return await channel.hand_over(message or mail(), word or Word())


@asynccontextmanager
async def transport_to(port: int, patience: Patience = BRIEF, **wishes: object) -> AsyncIterator[SmtpTransport]:
    wished = {"host": "127.0.0.1", "port": port, "tls": Tls.OFF, "hello": "couvert.test", **wishes}
    transport = SmtpTransport(Relay(**wished), patience)  # type: ignore[arg-type]
    try:
        yield transport
    finally:
        await transport.close()


# --- A relay that follows a script ------------------------------------------------------------------------------------


@dataclass
class Peer:
    """The relay's end of one connection. What it waits for in vain ends the script, and so the test, within a second."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def hears(self, ending: bytes) -> bytes:
        async with asyncio.timeout(1):
            return await self.reader.readuntil(ending)

    async def hears_nothing_more(self) -> bytes:
        """What came until the client closed the connection."""
        heard = b""
        async with asyncio.timeout(1):
            with suppress(ConnectionResetError):
                while more := await self.reader.read(65_536):
                    heard += more
        return heard

    async def says(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()

    async def welcomes(self, *offers: str) -> None:
        await self.says(b"220 relay.test\r\n")
        await self.hears(b"EHLO couvert.test\r\n")
        lines = ["250-relay.test", *(f"250-{offer}" for offer in offers)]
        lines[-1] = lines[-1].replace("-", " ", 1)
        await self.says("".join(f"{line}\r\n" for line in lines).encode())

    async def takes_envelope(self) -> bytes:
        """The commands up to DATA, all of which came before any was answered."""
        commands = await self.hears(b"DATA\r\n")
        await self.says(b"250 2.1.0 Ok\r\n" * (commands.count(b"\r\n") - 1) + b"354 Go ahead\r\n")
        return commands

    async def takes_mail(self, answer: bytes = b"250 2.0.0 Ok: queued as 4XyZ\r\n") -> bytes:
        await self.takes_envelope()
        content = await self.hears(b"\r\n.\r\n")
        await self.says(answer)
        return content

    async def resets(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[object]]


@asynccontextmanager
async def scripted(*scripts: Script) -> AsyncIterator[int]:
    """A relay's port. Each connection follows its own script, the last one also all that come later."""
    sessions: list[asyncio.Task[None]] = []

    async def follow(script: Script, peer: Peer) -> None:
        try:
            await script(peer)
        finally:
            peer.writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = scripts[min(len(sessions), len(scripts) - 1)]
        sessions.append(asyncio.create_task(follow(script, Peer(reader, writer))))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
        async with asyncio.timeout(2):
            await asyncio.gather(*sessions)
    finally:
        server.close()
        for session in sessions:
            session.cancel()


async def outcome_with(script: Script, message: Message | None = None, word: Word | None = None) -> Outcome:
    """What became of one mail handed to a relay that follows the script."""
    async with scripted(script) as port, transport_to(port) as transport:
        return await hand_over(transport, message, word)


# --- A relay that knows SMTP by itself --------------------------------------------------------------------------------


@dataclass
class Actor:
    """Does with a mail what the recipient's local part says, and keeps what it took."""

    offers: list[str] = field(default_factory=list)
    arrived: list[Envelope] = field(default_factory=list)
    sessions: int = 0

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = hostname
        return [*responses[:-1], *(f"250-{offer}" for offer in self.offers), responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        match address.partition("@")[0]:
            case "refused":
                return "550 5.1.1 No such user here"
            case "deferred":
                return "450 4.2.0 Greylisted"
            case "gone":
                assert server.transport is not None
                server.transport.close()
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        match envelope.rcpt_tos[0].partition("@")[0]:
            case "spam":
                return "554 5.7.1 Spam"
            case "full":
                return "452 4.3.1 Disk full"
            case "timeout":
                await asyncio.sleep(3600)
            case "lost":
                assert server.transport is not None
                server.transport.close()
        self.arrived.append(envelope)
        return "250 2.0.0 Ok: queued as 4XyZ"


@asynccontextmanager
async def acted(actor: Actor, ssl: SSLContext | None = None, **wishes: object) -> AsyncIterator[int]:
    """The port of a relay played by the actor."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(actor, hostname="relay.test", enable_SMTPUTF8=True, loop=loop, **wishes),  # type: ignore[arg-type]
        "127.0.0.1",
        0,
        ssl=ssl,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if "_handle_client" in repr(task):
                task.cancel()

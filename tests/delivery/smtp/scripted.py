"""A relay that says exactly what a test wants, and checks what it hears."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from couvert.delivery.transport import Message, Outcome
from couvert.delivery.transports.smtp import Patience
from tests.delivery.smtp.handing import PATIENT, Word, hand_over, transport_to


@dataclass
class Peer:
    """The relay's end of a connection. What it waits for in vain ends the script, and so the test, within a second."""

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
        async with asyncio.timeout(10):
            await asyncio.gather(*sessions)
    finally:
        server.close()
        for session in sessions:
            session.cancel()


async def outcome_with(
    script: Script, message: Message | None = None, word: Word | None = None, patience: Patience = PATIENT
) -> Outcome:
    """What became of one mail handed to a relay that follows the script."""
    async with scripted(script) as port, transport_to(port, patience) as transport:
        return await hand_over(transport, message, word)

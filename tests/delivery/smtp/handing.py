"""What every test about handing over needs: a mail, the worker's word, and a transport."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from couvert.delivery.transport import Message, Outcome, Transport
from couvert.delivery.transports.smtp import Patience, Relay, SmtpTransport, Tls

PATIENT = Patience(connect=5.0, reply=5.0, verdict=5.0, idle=5.0, farewell=0.05)
BRIEF = replace(PATIENT, reply=0.2, verdict=0.2)
"""For those who wait in vain; on a busy machine an answer may take longer."""
CONTENT = b"From: shop@example.com\r\nSubject: Your order\r\n\r\nIt is on its way.\r\n"

MESSAGE_ID = "<dlv_1@example.com>"


def mail(recipient: str = "charlie@example.org", content: bytes = CONTENT, sender: str = "shop@example.com") -> Message:
    return Message(1, 1, sender, recipient, content, MESSAGE_ID)


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
async def transport_to(port: int, patience: Patience = PATIENT, **wishes: Any) -> AsyncIterator[SmtpTransport]:
    wished = {"host": "127.0.0.1", "tls": Tls.OFF, "hello": "couvert.test", **wishes}
    transport = SmtpTransport(Relay(port=port, **wished), patience)
    try:
        yield transport
    finally:
        await transport.close()

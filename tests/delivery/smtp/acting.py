"""A relay that knows SMTP by itself (aiosmtpd), and does with a mail what the recipient's address says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

USER, PASSWORD = "shop", "sesame, öffne dich"


@dataclass
class Actor:
    """Does with a mail what the recipient's local part says, and keeps what it took."""

    offers: list[str] = field(default_factory=list)
    arrived: list[Envelope] = field(default_factory=list)
    sessions: int = 0
    is_encrypted: bool = False
    login: tuple[str, str, str] | None = None
    """The mechanism, and whom it was said to be by which password."""

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
            case "deferred" | "throttled":
                return "450 4.2.0 Greylisted"
            case "gone":
                assert server.transport is not None
                server.transport.close()
            case _:
                pass
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.is_encrypted = session.ssl is not None
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
            case _:
                pass
        self.arrived.append(envelope)
        return "250 2.0.0 Ok: queued as 4XyZ"

    def judge(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, said: Any) -> AuthResult:
        self.login = (mechanism, said.login.decode(), said.password.decode())
        return AuthResult(success=self.login[1:] == (USER, PASSWORD), handled=False)


@asynccontextmanager
async def acted(actor: Actor, ssl: SSLContext | None = None, **wishes: Any) -> AsyncIterator[int]:
    """The port of a relay played by the actor."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(actor, hostname="relay.test", enable_SMTPUTF8=True, loop=loop, **wishes),
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

"""SES as a script: it does with a call what the recipient's address says, and keeps what it took."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answers = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


@dataclass
class Actor:
    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """The bodies of those that were taken."""
    heads: list[dict[str, str]] = field(default_factory=list)
    """The headers of all."""
    peers: list[Any] = field(default_factory=list)
    answer: tuple[int, str, str] | None = None
    """Status, type and words for everybody, whatever the address."""
    quota: dict[str, float] = field(default_factory=dict)

    @property
    def arrived(self) -> list[str]:
        return [call["Destination"]["ToAddresses"][0] for call in self.calls]

    @property
    def contents(self) -> list[bytes]:
        return [b64decode(call["Content"]["Raw"]["Data"]) for call in self.calls]

    async def send_email(self, request: web.Request) -> web.StreamResponse:
        self.heads.append(dict(request.headers))
        assert request.transport is not None
        self.peers.append(request.transport.get_extra_info("peername"))
        call = await request.json()
        if self.answer is not None:
            return error(*self.answer)
        match call["Destination"]["ToAddresses"][0].partition("@")[0]:
            case "refused":
                return error(400, "MessageRejected", "Address is on the suppression list")
            case "throttled":
                return error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
            case "timeout":
                await asyncio.sleep(3600)
            case "lost":
                request.transport.abort()
            case _:
                pass
        self.calls.append(call)
        return web.json_response({"MessageId": f"id-{len(self.calls)}"})

    async def get_account(self, _: web.Request) -> web.StreamResponse:
        if not self.quota:
            return error(403, "AccessDeniedException", "User is not authorized")
        return web.json_response({"SendQuota": self.quota, "SendingEnabled": True})


def error(status: int, kind: str, words: str) -> web.Response:
    return web.json_response({"message": words}, status=status, headers={"x-amzn-ErrorType": kind})


@asynccontextmanager
async def acted(actor: Actor) -> AsyncIterator[str]:
    """The URL at which it listens."""
    app = web.Application(client_max_size=100_000_000)
    app.router.add_post("/v2/email/outbound-emails", actor.send_email)
    app.router.add_get("/v2/email/account", actor.get_account)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    actor.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield actor.url
    finally:
        await runner.cleanup()

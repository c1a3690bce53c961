"""A pump at work on a data directory with a past, before real receivers, by a clock that moves when told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from couvert.commands.webhooks import Webhooks
from couvert.delivery.webhooks.client import Client
from couvert.domain.ids import IdSource
from couvert.domain.webhook import Terms, Webhook
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import Backlog, ListedAttempt
from couvert.readmodels.webhooks.source import Source
from couvert.workers.webhooks.caller import Caller
from couvert.workers.webhooks.pump import Pump
from tests.delivery.webhooks.receiver import Receiver, Request
from tests.readmodels.world import World

PATIENCE_SECONDS = 20.0
QUIET_SECONDS = 0.5


class Telling:
    def __init__(self, world: World) -> None:
        self.world = world
        self.webhooks = Webhooks(world.store, IdSource(1, lambda: world.now), lambda: world.now)
        self.timeout_seconds = 15.0
        self.most_waiting = 100

    async def webhook(self, receiver: Receiver, *types: str, **terms: Any) -> Webhook:
        made = Terms(receiver.url, "", types or ("delivery.*",), **terms)
        return (await self.webhooks.create(made)).webhook

    @asynccontextmanager
    async def pumping(self) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        with Source(self.world.directory) as source, Box(self.world.directory) as box:
            client = Client(allows_private=True, timeout_seconds=self.timeout_seconds)
            clock = lambda: self.world.now  # noqa: E731 - a clock is a function
            caller = Caller(source, client, clock, allows_http=True, chance=lambda: 0.5)
            pump = Pump(
                source, box, caller, self.webhooks.switch_off, clock,
                retention_ms=30 * 24 * 3_600_000, most_waiting=self.most_waiting,
            )  # fmt: skip
            task = asyncio.create_task(pump.run(stopping))
            try:
                yield
            finally:
                stopping.set()
                await task

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
                await asyncio.sleep(0.01)

    def attempts(self, webhook: Webhook) -> list[ListedAttempt]:
        with Box(self.world.directory) as box:
            return box.attempts(webhook.id, before=None, skip=0, limit=100)

    def waiting(self) -> int:
        return self.backlog().waiting

    def backlog(self) -> Backlog:
        with Box(self.world.directory) as box:
            return box.backlog()


async def quiet() -> None:
    """Long enough for whatever would still come."""
    await asyncio.sleep(QUIET_SECONDS)


def told(request: Request) -> Any:
    return json.loads(request.body)


def types(receiver: Receiver) -> list[str]:
    """In their own order: that of their coming is not promised."""
    events = sorted(map(told, receiver.requests), key=lambda event: int(event["data"]["eventId"]))
    return [event["type"] for event in events]

"""A service that sends through a simulated SES, hears of it by a queue, and tells a receiver of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from couvert import wiring
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.webhook import Terms
from couvert.settings import Settings
from couvert.simulator.testing import SimulatedSes, simulated_ses
from couvert.wiring import Parts
from tests.delivery.webhooks.receiver import Receiver, receiving

PATIENCE_SECONDS = 20


class Abroad(NamedTuple):
    parts: Parts
    ses: SimulatedSes
    receiver: Receiver

    async def send(self, *recipients: str) -> None:
        to = tuple(Recipient(email, "John Doe") for email in recipients)
        await self.parts.mails.accept(AcceptMail(Sender("support@example.com"), to, "News", text="Hello"), key=None)
        self.parts.courier.wake()


@asynccontextmanager
async def abroad(directory: Path) -> AsyncIterator[Abroad]:
    with simulated_ses(rate=200, queues=("notices",)) as ses:
        settings = Settings(
            _env_file=None,
            data_dir=directory,
            transport="ses://us-east-1?configuration_set=couvert",
            aws_endpoint_url=ses.url,
            notice_queue_url="sqs://notices",
            webhook_allow_http=True,
            webhook_allow_private=True,
        )
        parts, stopping = wiring.open_parts(settings), asyncio.Event()
        async with AsyncExitStack() as stack:
            receiver = await stack.enter_async_context(receiving())
            await stack.enter_async_context(wiring.running(parts, delivers=True, follows=True))
            await stack.enter_async_context(wiring.notices_at_work(parts))
            await parts.webhooks.create(Terms(receiver.url, "", ("*",), includes_recipient=True))
            telling = asyncio.create_task(wiring.tell_webhooks(settings, stopping))
            try:
                yield Abroad(parts, ses, receiver)
            finally:
                stopping.set()
                await telling


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.02)

"""One attempt to tell a webhook of one event, and what becomes of the message."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from couvert.delivery.webhooks.answer import Answer
from couvert.delivery.webhooks.client import Client
from couvert.delivery.webhooks.signing import asked_ms, signed_headers
from couvert.domain.endpoint import parse_endpoint
from couvert.domain.webhook import Webhook
from couvert.domain.webhook_calls import Again, GivenUp, Gone, Told, Verdict, bounded, judge
from couvert.readmodels.webhooks.messages import Attempt, Message, MessageState
from couvert.readmodels.webhooks.names import message_id
from couvert.readmodels.webhooks.source import Source
from couvert.workers.webhooks.letters import body_of, trial_body


@dataclass(frozen=True, slots=True)
class Called:
    message: Message
    """As the attempt leaves it."""
    attempt: Attempt
    verdict: Verdict
    asked_ms: int
    """How long the receiver wants to be left alone."""


@dataclass(frozen=True, slots=True)
class Caller:
    source: Source
    client: Client
    now_ms: Callable[[], int]
    allows_http: bool
    chance: Callable[[], float] = random.random

    async def call(self, webhook: Webhook, message: Message) -> Called:
        """Raises sqlite3.Error if the event cannot be read now."""
        at, started = self.now_ms(), time.monotonic()
        answer = await self._answer(webhook, message, at)
        milliseconds = int((time.monotonic() - started) * 1000)
        now = self.now_ms()
        asked = asked_ms(answer.retry_after, now)
        verdict = judge(
            answer.status, now=now, tries=message.tries + 1, give_up_at=message.give_up_at, asked_ms=asked,
            chance=self.chance(),
        )  # fmt: skip
        number = message.attempts + 1
        attempt = Attempt(number, at, milliseconds, answer.status, answer.error, answer.excerpt)
        return Called(_after(message, verdict), attempt, verdict, bounded(asked))

    async def _answer(self, webhook: Webhook, message: Message, now: int) -> Answer:
        body = self._body(webhook, message)
        if body is None:
            return Answer(error="the event is not in the log any more")
        try:
            endpoint = parse_endpoint(
                webhook.terms.url, allows_http=self.allows_http, allows_private=self.client.allows_private
            )
        except ValueError as fault:  # the settings were others when it was created
            return Answer(error=f"the url {fault}")
        identity = message_id(webhook.id, message.position)
        headers = signed_headers(identity, body, webhook.secrets.valid_at(now), now)
        return await self.client.post(endpoint, {"User-Agent": "couvert", **headers}, body)

    def _body(self, webhook: Webhook, message: Message) -> bytes | None:
        if message.position < 0:
            return trial_body(webhook, -message.position)
        told = self.source.told(message.position)
        return told and body_of(webhook, told)


def _after(message: Message, verdict: Verdict) -> Message:
    tried = message._replace(attempts=message.attempts + 1, tries=message.tries + 1, due_at=None)
    match verdict:
        case Told():
            return tried._replace(state=MessageState.TOLD)
        case Again(due_at):
            return tried._replace(due_at=due_at)
        case GivenUp() | Gone():
            return tried._replace(state=MessageState.FAILED)
        case _:
            assert_never(verdict)

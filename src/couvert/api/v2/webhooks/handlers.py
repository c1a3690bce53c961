"""What the calls about webhooks do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked, Page
from couvert.api.v2.pages import CursorQuery, part_of
from couvert.api.v2.refusals import Faulty, Item
from couvert.api.v2.times import rfc3339, rfc3339_or_none, to_ms
from couvert.api.v2.webhooks.shapes import AttemptAnswer, BacklogAnswer, WebhookSecretAnswer, webhook_answer
from couvert.commands.webhooks import ChangedWebhook
from couvert.domain.endpoint import parse_endpoint
from couvert.domain.refusals import NotFound, Unavailable
from couvert.domain.webhook import Terms, Webhook, active, existing
from couvert.readmodels.cursors import cursor_at, place_of
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import Backlog, ListedAttempt, queued
from couvert.readmodels.webhooks.names import message_id, position_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Webhooks:
    parts: Parts

    async def create(self, asked: Asked) -> Answer:
        created = await self.parts.webhooks.create(
            self._terms(asked), by=asked.caller, claim=asked.claimed(lambda it: _shown(it, is_replay=True), 201)
        )
        return Answer(_shown(created), etag=created.position)

    async def list_all(self, asked: Asked) -> Answer:
        webhooks = [stored.webhook for stored in await self.parts.store.webhooks()]
        part, page = part_of(webhooks, asked.query)
        return Answer({"webhooks": [webhook_answer(webhook) for webhook in part]}, page=page)

    async def read(self, asked: Asked) -> Answer:
        webhook = await self._webhook(asked)
        backlog = await self._in_box(lambda box: box.backlog(webhook.id))
        return Answer({**webhook_answer(webhook), "messages": _backlog(backlog)})

    async def replace(self, asked: Asked) -> Answer:
        changed = await self.parts.webhooks.replace(asked.path["webhookId"], self._terms(asked), by=asked.caller)
        return Answer({**webhook_answer(changed.webhook)}, etag=changed.position)

    async def delete(self, asked: Asked) -> Answer:
        return Answer({}, etag=await self.parts.webhooks.delete(asked.path["webhookId"], by=asked.caller))

    async def rotate(self, asked: Asked) -> Answer:
        claim = asked.claimed(lambda it: _shown(it, is_replay=True), 200)
        rotated = await self.parts.webhooks.rotate(asked.path["webhookId"], by=asked.caller, claim=claim)
        return Answer(_shown(rotated), etag=rotated.position)

    # --- What stands in the box ---------------------------------------------------------------------------------------

    async def attempts(self, asked: Asked) -> Answer:
        webhook, query = await self._webhook(asked), asked.query
        name = f"attempts of {webhook.webhook_id}"
        before = place_of(query.cursor, name) if query.cursor else None
        skip = 0 if query.cursor else query.skipped
        found = await self._in_box(
            lambda box: box.attempts(webhook.id, before=before, skip=skip, limit=query.limit + 1)
        )
        listed = found[: query.limit]
        more = cursor_at(listed[-1].id, name) if len(found) > len(listed) else None
        answers = [_attempt(webhook, attempt) for attempt in listed]
        return Answer({"attempts": answers}, page=_page(query, skip, len(listed), more))

    async def replay(self, asked: Asked) -> Answer:
        webhook, body, now = active(await self._webhook(asked)), asked.body, self.parts.now_ms()
        if body.message_id is None:
            since = to_ms(body.since) or 0
            replayed = await self._in_box(lambda box: box.replay_failed(webhook.id, since, now))
        else:
            position = position_of(webhook.id, body.message_id)
            replayed = await self._in_box(
                lambda box: int(position is not None and box.replay(webhook.id, position, now))
            )
            if not replayed:
                raise NotFound("The webhook has no such message, or no longer.")
        return Answer({"replayed": replayed}, etag=await self.parts.store.position())

    async def test(self, asked: Asked) -> Answer:
        webhook, now = active(await self._webhook(asked)), self.parts.now_ms()
        await self._in_box(lambda box: box.add(queued(webhook.id, -now, now)))
        return Answer({"messageId": message_id(webhook.id, -now)}, etag=await self.parts.store.position())

    # --- Details ------------------------------------------------------------------------------------------------------

    def _terms(self, asked: Asked) -> Terms:
        terms: Terms = asked.body.terms()
        settings = self.parts.settings
        try:
            parse_endpoint(
                terms.url, allows_http=settings.webhook_allow_http, allows_private=settings.webhook_allow_private
            )
        except ValueError as fault:
            raise Faulty([Item("url", str(fault))]) from None
        return terms

    async def _webhook(self, asked: Asked) -> Webhook:
        stored = await self.parts.store.webhook(asked.path["webhookId"])
        return existing(stored and stored.webhook)

    async def _in_box(self, work: Callable[[Box], T]) -> T:
        """In a thread: whoever else writes to the file is waited for."""

        def run() -> T:
            try:
                with Box(self.parts.settings.data_dir) as box:
                    return work(box)
            except sqlite3.Error as error:
                raise Unavailable(f"The webhooks' messages cannot be read or written now ({error}).") from error

        return await asyncio.to_thread(run)


def _shown(changed: ChangedWebhook, *, is_replay: bool = False) -> WebhookSecretAnswer:
    secret = None if is_replay else changed.webhook.secrets.current
    return {**webhook_answer(changed.webhook), "secret": secret}


def _backlog(backlog: Backlog) -> BacklogAnswer:
    return {
        "waiting": backlog.waiting,
        "oldestAt": rfc3339_or_none(backlog.oldest_at),
        "dropped": backlog.dropped,
    }


def _attempt(webhook: Webhook, listed: ListedAttempt) -> AttemptAnswer:
    attempt = listed.attempt
    return {
        "messageId": message_id(webhook.id, listed.position),
        "eventId": str(listed.position) if listed.position > 0 else None,
        "number": attempt.number,
        "at": rfc3339(attempt.at),
        "milliseconds": attempt.milliseconds,
        "status": attempt.status,
        "error": attempt.error,
        "excerpt": attempt.excerpt,
        "messageState": listed.state.name.lower(),
        "nextAttemptAt": rfc3339_or_none(listed.due_at),
    }


def _page(query: CursorQuery, skip: int, found: int, more: str | None) -> Page:
    is_whole = more is None and not query.cursor
    return Page(query.limit, skip, skip + found if is_whole else None, skip + found, more)

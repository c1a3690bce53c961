"""Create, replace, switch off and delete webhooks, and give them new secrets."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

from couvert.commands.again import again
from couvert.commands.callers import Caller, guard_of
from couvert.commands.claims import Claim
from couvert.domain import webhook as rules
from couvert.domain.ids import IdSource
from couvert.domain.webhook import OVERLAP_MS, Secrets, Terms, Webhook, WebhookEvent
from couvert.store.changes import Change
from couvert.store.log import Position, Record
from couvert.store.port import Store
from couvert.store.rows import StoredWebhook

Decide = Callable[[Webhook | None], Sequence[WebhookEvent]]
With = Callable[[Webhook], Webhook]


class ChangedWebhook(NamedTuple):
    webhook: Webhook
    position: Position


def new_secret() -> str:
    """As Standard Webhooks writes them: the prefix, and 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class Webhooks:
    store: Store
    ids: IdSource
    now_ms: Callable[[], int]

    async def create(self, terms: Terms, *, by: Caller | None = None, claim: Claim | None = None) -> ChangedWebhook:
        blank = rules.blank(self.ids.block(1))._replace(terms=terms, secrets=Secrets(new_secret()))
        events = rules.create(str(uuid4()), terms)
        return await self._committed(StoredWebhook(blank, 0), blank, events, by, claim)

    async def replace(self, webhook_id: str, terms: Terms, *, by: Caller | None = None) -> ChangedWebhook:
        """Raises `NotFound`."""
        return await self._changed(
            webhook_id, lambda webhook: rules.replace(webhook, terms), lambda webhook: webhook._replace(terms=terms), by
        )

    async def rotate(self, webhook_id: str, *, by: Caller | None = None, claim: Claim | None = None) -> ChangedWebhook:
        """The former secret signs too, for a day. Raises `NotFound`."""
        now, secret = self.now_ms(), new_secret()

        def renewed(webhook: Webhook) -> Webhook:
            return webhook._replace(secrets=Secrets(secret, webhook.secrets.current, now + OVERLAP_MS))

        return await self._changed(webhook_id, lambda webhook: rules.rotate(webhook, now), renewed, by, claim)

    async def switch_off(self, webhook_id: str, url: str) -> Position:
        """Its receiver at this address is gone."""
        return (await self._changed(webhook_id, lambda webhook: rules.switch_off(webhook, url))).position

    async def delete(self, webhook_id: str, *, by: Caller | None = None) -> Position:
        """Raises `NotFound`."""
        return (await self._changed(webhook_id, rules.delete, by=by)).position

    async def _changed(
        self,
        webhook_id: str,
        decide: Decide,
        told: With = lambda webhook: webhook,
        by: Caller | None = None,
        claim: Claim | None = None,
    ) -> ChangedWebhook:
        """`told`: puts in what no event tells."""

        async def attempt() -> ChangedWebhook:
            stored = await self.store.webhook(webhook_id)
            events = decide(stored and stored.webhook)
            if stored is None:
                return ChangedWebhook(rules.blank(0), await self.store.position())
            return await self._committed(stored, told(stored.webhook), events, by, claim)

        return await again(attempt)

    async def _committed(
        self,
        stored: StoredWebhook,
        webhook: Webhook,
        events: Sequence[WebhookEvent],
        by: Caller | None,
        claim: Claim | None,
    ) -> ChangedWebhook:
        if not events and claim is None:
            return ChangedWebhook(stored.webhook, await self.store.position())
        now = self.now_ms()
        for event in events:
            webhook = rules.evolve(webhook, event, now)
        change = Change(at=now, records=[Record(webhook.id, 0, event) for event in events])
        change.webhooks = [StoredWebhook(webhook, stored.revision + 1)] if events else []
        change.expected_tokens = guard_of(by)
        change.idempotency = claim.kept(ChangedWebhook(webhook, 0), at=now) if claim else None
        return ChangedWebhook(webhook, await self.store.commit(change))

"""What the doors are built of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from couvert.api.traffic import Traffic
from couvert.commands.accounts import Accounts
from couvert.commands.callers import Callers
from couvert.commands.idempotency import IdempotencyKeys
from couvert.commands.interventions import Interventions
from couvert.commands.keys import Keys
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.send import SendMail
from couvert.commands.suppressions import Suppressions
from couvert.commands.webhooks import Webhooks
from couvert.delivery.copies import Copies
from couvert.limits.port import Limits
from couvert.readmodels.feed import Feed
from couvert.readmodels.reading import Reading
from couvert.settings import Settings
from couvert.store.log import Position
from couvert.store.port import Store


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    store: Store
    keys: Keys
    send: SendMail
    interventions: Interventions
    idempotency: IdempotencyKeys
    callers: Callers
    limits: Limits
    reading: Reading
    copies: Copies
    feed: Feed
    reached_position: Callable[[Position, float], Awaitable[bool]]
    """Whether every read model passes a position within so many seconds."""
    oldest_due_at: Callable[[], Awaitable[int | None]]
    """Of the deliveries that wait for a worker or its hands."""
    now_ms: Callable[[], int]
    """Milliseconds since 1970."""
    accounts: Accounts
    suppressions: Suppressions
    webhooks: Webhooks
    notices: TakeNotices
    traffic: Traffic = field(default_factory=Traffic)
    metrics: Callable[[], Awaitable[bytes]] | None = None
    """The page for Prometheus, where somebody wired it."""

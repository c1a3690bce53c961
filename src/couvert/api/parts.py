"""What the doors are built of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from couvert.commands.idempotency import IdempotencyKeys
from couvert.commands.keys import Keys
from couvert.commands.send import SendMail
from couvert.settings import Settings
from couvert.store.port import Store


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    store: Store
    keys: Keys
    send: SendMail
    idempotency: IdempotencyKeys
    now_ms: Callable[[], int]
    """Milliseconds since 1970."""

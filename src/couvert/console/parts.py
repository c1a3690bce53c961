"""What the console is built of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from couvert.commands.accounts import Accounts
from couvert.limits.port import Limits
from couvert.store.port import Store


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    accounts: Accounts
    limits: Limits
    is_https: bool
    """Whether browsers reach it so: cookies are then for nothing else."""
    now_ms: Callable[[], int]
    judging: Counter[str] = field(default_factory=Counter)
    """Secrets that are being judged now, by the address that sent them."""

"""An idempotency key that is to stand for what a command does, committed with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from couvert.store.rows import Idempotency


@dataclass(frozen=True, slots=True)
class Claim:
    scope: bytes
    """Hash of who asked, the method, the path and the key."""
    request: bytes
    """Hash of the body."""
    answer: Callable[[Any], bytes] | None = None
    """Makes of the command's result what a repeat will be told; it leaves secrets out. None: the edge says it later."""

    def kept(self, result: object, *, at: int, mail_id: int = 0) -> Idempotency:
        """What goes into the command's change; the store fills in the position."""
        answer = self.answer(result) if self.answer else None
        return Idempotency(self.scope, self.request, mail_id, 0, at, answer)

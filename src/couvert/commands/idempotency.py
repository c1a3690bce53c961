"""One key, one mail: the key is committed with what the request did, and a repeat gets the first answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from couvert.commands.claims import Claim
from couvert.domain.refusals import IdempotencyInProgress, IdempotencyKeyReused
from couvert.store.changes import Change
from couvert.store.port import Store
from couvert.store.rows import Idempotency

WINDOW_MS: Final = 7 * 24 * 3_600_000


def claim_of(*, who: str, method: str, path: str, key: str, body: bytes) -> Claim:
    """A key's scope is who asks, the method and the path; the request is the body, byte for byte."""
    scope = f"{who}\n{method}\n{path}\n{key}".encode()
    return Claim(sha256(scope).digest(), sha256(body).digest())


@dataclass(frozen=True, slots=True)
class IdempotencyKeys:
    store: Store
    now_ms: Callable[[], int]
    window_ms: int = WINDOW_MS
    """How long a key stands for its first request."""
    _running: dict[bytes, bytes] = field(default_factory=dict)

    @contextmanager
    def running(self, claim: Claim) -> Iterator[None]:
        """Hold the key while its request runs; a second one meanwhile is refused."""
        request = self._running.get(claim.scope)
        if request is not None:
            _same(request, claim)
            raise IdempotencyInProgress("The first request with this Idempotency-Key is still running; ask again.")
        self._running[claim.scope] = claim.request
        try:
            yield
        finally:
            del self._running[claim.scope]

    async def earlier(self, claim: Claim) -> Idempotency | None:
        """What the key stands for already. Its answer is None if the first request ended without giving one."""
        found = await self.store.idempotency(claim.scope)
        if found is None:
            return None
        if found.created_at + self.window_ms <= self.now_ms():
            await self.store.commit(Change(at=self.now_ms(), expired={claim.scope: found.created_at}))
            found = await self.store.idempotency(claim.scope)  # claimed anew by another process, a moment ago
            if found is None:
                return None
        _same(found.request, claim)
        return found

    async def keep(self, claim: Claim, answer: bytes) -> None:
        """The answer of a request that kept nothing else. Raises `Conflict` if another process was first."""
        now = self.now_ms()
        await self.store.commit(Change(at=now, idempotency=Idempotency(claim.scope, claim.request, 0, 0, now, answer)))

    async def answer(self, claim: Claim, answer: bytes | None) -> None:
        """Keep the first answer, or free the key if the request came to nothing."""
        await self.store.commit(Change(at=self.now_ms(), answers={claim.scope: answer}))


def _same(request: bytes, claim: Claim) -> None:
    if request != claim.request:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was used for another request; use a new key for a new request."
        )

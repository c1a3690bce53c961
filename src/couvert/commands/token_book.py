"""Whose token is this? Answered from memory for a second at most, and from the store where it has to be certain."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from couvert.commands.callers import Caller
from couvert.commands.secret_words import hash_of
from couvert.commands.token_uses import TokenUses
from couvert.domain.token import Token, admit, allowed
from couvert.domain.user import User
from couvert.store.accounts import StoredToken
from couvert.store.port import Store

KEPT_SECONDS: Final = 1.0
"""How long a token may go on reading that another process has revoked; this one's own changes show at once."""
MOST: Final = 10_000


class _Entry(NamedTuple):
    token: Token
    user: User
    revision: int
    read_at: float
    edition: int


class TokenBook:
    """The adapter of `Callers`."""

    def __init__(
        self, store: Store, uses: TokenUses, now_ms: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._uses = uses
        self._now_ms = now_ms
        self._clock = clock
        self._entries: dict[bytes, _Entry] = {}
        """The oldest first. Only tokens that were good: a stranger fills no memory."""
        self._edition = 0
        """Raised by every change of a user or a token in this process."""

    async def find(self, secret: str, *, fresh: bool) -> Caller:
        """Noted as a use. It is looked up by its hash, so a refusal takes the same time whatever is stored."""
        token_hash = hash_of(secret)
        entry = None if fresh else self._recent(token_hash)
        if entry is None:
            entry = await self._read(token_hash)
        now = self._now_ms()
        admit(entry.token, entry.user, now)
        self._uses.note(entry.token.id, now)
        return _caller(entry)

    def knows(self, secret: str) -> bool:
        return hash_of(secret) in self._entries

    def last_use(self, stored: StoredToken) -> int | None:
        """The latest that is known, written already or not."""
        return self._uses.noted(stored.token.id) or stored.last_used_at

    def forget(self) -> None:
        """A user or a token was changed: what was read before counts no longer."""
        self._edition += 1

    def _recent(self, token_hash: bytes) -> _Entry | None:
        entry = self._entries.get(token_hash)
        if entry is None or entry.edition != self._edition or self._clock() - entry.read_at >= KEPT_SECONDS:
            return None
        return entry

    async def _read(self, token_hash: bytes) -> _Entry:
        # Before the look: what is changed meanwhile makes it old.
        edition, read_at = self._edition, self._clock()
        stored = await self._store.token(token_hash)
        owner = await self._store.user(stored.token.user) if stored else None
        self._entries.pop(token_hash, None)
        token, user = admit(stored and stored.token, owner and owner.user, self._now_ms())
        assert stored is not None
        if len(self._entries) >= MOST:
            del self._entries[next(iter(self._entries))]
        self._entries[token_hash] = entry = _Entry(token, user, stored.revision, read_at, edition)
        return entry


def _caller(entry: _Entry) -> Caller:
    token, user = entry.token, entry.user
    # One that was made while its owner lost a role has it still, and it counts for nothing.
    roles = allowed(user.role).intersection(token.roles)
    return Caller(user.id, user.user_id, token.id, entry.revision, roles, user.is_admin, user.allowance)

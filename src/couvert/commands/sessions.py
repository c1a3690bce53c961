"""Browsers that are signed in: by address and password, for half a day, until they sign out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from couvert.commands.addresses import AddressFault, normalise
from couvert.commands.passwords import Passwords
from couvert.commands.secret_words import hash_of, new_code
from couvert.domain.refusals import Unauthenticated
from couvert.domain.user import User
from couvert.store.accounts import Session, StoredUser
from couvert.store.changes import Change
from couvert.store.port import Store

GOOD_FOR_MS: Final = 12 * 3_600_000


class SignedIn(NamedTuple):
    user: User
    secret: str
    """For the browser alone; only its hash is stored."""


@dataclass(frozen=True, slots=True)
class Sessions:
    store: Store
    now_ms: Callable[[], int]
    passwords: Passwords

    async def sign_in(self, email: str, password: str) -> SignedIn:
        """Raises `Unauthenticated`, which takes the same time for a wrong password, an unknown address and a user
        who has no password.
        """
        stored = await self._by_email(email)
        is_right = await self.passwords.is_right(password, stored and stored.password_hash)
        if stored is None or not is_right:
            raise Unauthenticated("The address or the password is wrong.")
        return await self.begin(stored)

    async def begin(self, stored: StoredUser) -> SignedIn:
        """Raises `Conflict` if the user was changed since: deleted, or given another password."""
        secret, now = new_code(), self.now_ms()
        session = Session(hash_of(secret), stored.user.id, now + GOOD_FOR_MS)
        await self.store.commit(Change(at=now, sessions=[session], expected_users={stored.user.id: stored.revision}))
        return SignedIn(stored.user, secret)

    async def user_of(self, secret: str) -> User | None:
        """Who is signed in so, if anybody is."""
        session = await self.store.session(hash_of(secret))
        if session is None or self.now_ms() >= session.expires_at:
            return None
        owner = await self.store.user(session.user)
        return owner.user if owner and owner.user.is_active else None

    async def sign_out(self, secret: str) -> None:
        await self.store.commit(Change(at=self.now_ms(), ended_sessions=[hash_of(secret)]))

    async def _by_email(self, email: str) -> StoredUser | None:
        try:
            return await self.store.user_by_email(normalise(email))
        except AddressFault:
            return None

"""The part of the store's port that is about people: users, their API tokens, and how they come to be signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from couvert.domain.token import Token
from couvert.domain.user import User


class StoredUser(NamedTuple):
    user: User
    password_hash: str | None
    """Argon2's; None for somebody who has set none yet."""
    revision: int


class StoredToken(NamedTuple):
    token: Token
    revision: int
    last_used_at: int | None = None
    """Written by `note_token_uses` alone."""


FIRST_ADMIN: Final = 0
"""Instead of a user's id: whoever sets up an installation that has no users."""


class SetupCode(NamedTuple):
    """What a set-up link is good for, once: its user may choose a password. A user has one, the newest."""

    user: int
    hash: bytes
    expires_at: int


class Session(NamedTuple):
    """A browser that is signed in."""

    hash: bytes
    user: int
    expires_at: int


class Accounts(Protocol):
    """What `Store` promises about them."""

    async def user(self, id_: int) -> StoredUser | None:
        """Deleted ones included."""

    async def user_by_email(self, email: str) -> StoredUser | None:
        """One who is not deleted, whatever the case of the address's letters."""

    async def users(self) -> list[StoredUser]:
        """Those who are not deleted, in the order they were added."""

    async def token(self, token_hash: bytes) -> StoredToken | None:
        """By the hash of the token itself, revoked ones included."""

    async def tokens(self, user: int) -> list[StoredToken]:
        """A user's that are not revoked, in the order they were created."""

    async def note_token_uses(self, last_used_at: Mapping[int, int]) -> None:
        """Token id -> when it was last used; an earlier time than the stored one changes nothing. Not in the log."""

    async def setup_code(self, code_hash: bytes) -> SetupCode | None:
        """Expired ones included."""

    async def session(self, session_hash: bytes) -> Session | None:
        """Expired ones included, until somebody else signs in."""

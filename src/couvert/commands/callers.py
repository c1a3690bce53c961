"""Who calls the platform API: a user, by a token."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

from couvert.domain.allowance import Allowance
from couvert.domain.refusals import Unauthenticated

TokenRole = Literal["api_read", "api_write"]


class Caller(NamedTuple):
    """What a request needs to know of whoever sent it."""

    user: int
    """The user's id in the log."""
    user_id: str
    """The same, as clients know it: a UUID."""
    token: int
    token_revision: int
    """For `Change.expected_tokens`: a write of a token that was revoked meanwhile conflicts."""
    roles: frozenset[TokenRole]
    is_admin: bool
    allowance: Allowance | None = None
    """The user's own; None takes the setting's."""


class Callers(Protocol):
    async def find(self, secret: str, *, fresh: bool) -> Caller:
        """Who has this token. `fresh` asks the store; else an answer of at most a second ago will do.

        Raises `Unauthenticated`, `TokenExpired` or `TokenRevoked`, each in the same time.
        """

    def knows(self, secret: str) -> bool:
        """Whether the token was good a moment ago, without asking anybody."""


class Nobody:
    """As long as there are no users."""

    async def find(self, secret: str, *, fresh: bool) -> Caller:
        del secret, fresh
        raise Unauthenticated("Nobody has this token.")

    def knows(self, secret: str) -> bool:
        del secret
        return False

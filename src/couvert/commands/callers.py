"""Who calls the platform API: a user, by a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from couvert.domain.allowance import Allowance
from couvert.domain.token import EVERY_ROLE, TokenRole


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

    @property
    def guard(self) -> Mapping[int, int]:
        """For `Change.expected_tokens`: what is written with a token that was just revoked is not kept."""
        return {self.token: self.token_revision}


def guard_of(by: Caller | None) -> Mapping[int, int]:
    """None: the console or the command line, where no token asks."""
    return by.guard if by else {}


def roles_of(by: Caller | None) -> frozenset[TokenRole]:
    """Those that may be given on."""
    return by.roles if by else frozenset(EVERY_ROLE)


class Callers(Protocol):
    async def find(self, secret: str, *, fresh: bool) -> Caller:
        """Who has this token. `fresh` asks the store; else an answer of at most a second ago will do.

        Raises `Unauthenticated`, `TokenExpired` or `TokenRevoked`, each in the same time.
        """

    def knows(self, secret: str) -> bool:
        """Whether the token was good a moment ago, without asking anybody."""

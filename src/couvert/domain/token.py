"""An API token: what somebody lets a program do in their name, and until when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, assert_never

from couvert.domain.lines import is_one_line
from couvert.domain.refusals import MissingRole, NotFound, RuleBroken, TokenExpired, TokenRevoked, Unauthenticated
from couvert.domain.user import Role, User

LONGEST_DESCRIPTION: Final = 200


TokenRole = Literal["api_read", "api_write"]
Roles = tuple[TokenRole, ...]
"""Each once, in the order of `EVERY_ROLE`."""
EVERY_ROLE: Final[Roles] = ("api_read", "api_write")


class Token(NamedTuple):
    """A token's state. The token itself is shown once; only its hash is kept. Times are milliseconds since 1970."""

    id: int
    token_id: str
    """The UUID that clients see."""
    user: int
    """The id of whose it is."""
    hash: bytes
    description: str
    """Whatever its owner calls it, a person's name perhaps: so it is in no event."""
    roles: Roles
    created_at: int
    expires_at: int | None
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class TokenCreated:
    token_id: str
    user: int
    roles: Roles
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class TokenEdited:
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class TokenWithdrawn:
    """Revoked; the refusal that its holder meets from then on is called `TokenRevoked`."""


TokenEvent = TokenCreated | TokenEdited | TokenWithdrawn


def evolve(token: Token, event: TokenEvent, at: int) -> Token:
    """The token after the event, which happened at `at`."""
    match event:
        case TokenCreated(token_id, user, roles, expires_at):
            return token._replace(token_id=token_id, user=user, roles=roles, created_at=at, expires_at=expires_at)
        case TokenEdited(expires_at):
            return token._replace(expires_at=expires_at)
        case TokenWithdrawn():
            return token._replace(is_revoked=True)
        case _:
            assert_never(event)


def blank(id_: int, hash_: bytes = b"", description: str = "") -> Token:
    """One to which nothing has happened yet."""
    return Token(id_, "", 0, hash_, description, (), 0, None, is_revoked=False)


def create(
    owner: User,
    *,
    token_id: str,
    description: str,
    roles: Collection[TokenRole],
    expires_at: int | None,
    granted_by: Collection[TokenRole],
    now: int,
) -> list[TokenEvent]:
    """`granted_by`: the roles of the token that asks for this one; all of them where no token asks."""
    _check(description, expires_at, now)
    _check_roles(owner, roles, granted_by)
    return [TokenCreated(token_id, owner.id, in_order(roles), expires_at)]


def edit(token: Token | None, *, description: str, expires_at: int | None, now: int) -> list[TokenEvent]:
    """Nothing at all if it says this already; an expiry that has passed may stay as it is."""
    known = existing(token)
    if (known.description, known.expires_at) == (description, expires_at):
        return []
    _check(description, None if expires_at == known.expires_at else expires_at, now)
    return [TokenEdited(expires_at)]


def revoke(token: Token | None) -> list[TokenEvent]:
    existing(token)
    return [TokenWithdrawn()]


def exceeds(token: Token, role: Role) -> bool:
    """Whether it has a role that tokens of such a user cannot have."""
    return not allowed(role).issuperset(token.roles)


def allowed(role: Role) -> frozenset[TokenRole]:
    """What tokens of a user with this role may do."""
    return frozenset({"api_read"} if role is Role.READONLY else EVERY_ROLE)


def existing(token: Token | None) -> Token:
    if token is None or token.is_revoked:
        raise NotFound("The API token does not exist.")
    return token


def admit(token: Token | None, owner: User | None, now: int) -> tuple[Token, User]:
    """Both, if the token is good now. Raises `Unauthenticated`, `TokenRevoked`, `TokenExpired`."""
    if token is None or owner is None:
        raise Unauthenticated("This is no valid API token.")
    if token.is_revoked:
        raise TokenRevoked("This API token was revoked.")
    if not owner.is_active:
        raise Unauthenticated("The user of this API token was deleted.")
    if token.expires_at is not None and now >= token.expires_at:
        raise TokenExpired("This API token has expired.")
    return token, owner


def in_order(roles: Collection[str]) -> Roles:
    return tuple(role for role in EVERY_ROLE if role in roles)


def _check(description: str, expires_at: int | None, now: int) -> None:
    if not is_one_line(description) or len(description) > LONGEST_DESCRIPTION:
        raise RuleBroken(f"description has to be one line of at most {LONGEST_DESCRIPTION} characters.")
    if expires_at is not None and expires_at <= now:
        raise RuleBroken("expiresAt is in the past; give a later time, or none for a token that does not expire.")


def _check_roles(owner: User, roles: Collection[TokenRole], granted_by: Collection[TokenRole]) -> None:
    if not roles:
        raise RuleBroken("roles is empty; a token needs api_read, api_write or both.")
    for role in in_order(roles):
        if role not in granted_by:
            raise MissingRole(f"A token without the role {role} cannot give it to another one.")
    if not allowed(owner.role).issuperset(roles):
        raise RuleBroken("The tokens of a readonly user cannot have the role api_write.")

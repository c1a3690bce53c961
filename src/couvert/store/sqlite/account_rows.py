"""Users, tokens, set-up codes and sessions as SQLite holds them, and back."""

from __future__ import annotations

from typing import Final

from couvert.domain.allowance import Allowance
from couvert.domain.token import Token, in_order
from couvert.domain.user import Person, Role, User
from couvert.store.accounts import Session, SetupCode, StoredToken, StoredUser
from couvert.store.sqlite.rows import TENANT, Row
from couvert.store.sqlite.statements import Table, replacing

USER: Final = Table("user", 13, replacing(
    "id", "email", "first_name", "last_name", "role", "is_active", "password_hash", "revision", "rate_limit",
    "rate_period_seconds",
))  # fmt: skip
TOKEN: Final = Table("token", 12, replacing("id", "description", "roles", "expires_at", "is_revoked", "revision"))
SETUP_CODE: Final = Table("setup_code", 4, replacing("user", "hash", "expires_at"))
SESSION: Final = Table("session", 4)


def user_row(stored: StoredUser) -> Row:
    user = stored.user
    return (
        user.id, TENANT, user.user_id, user.email, *user.person, user.role.value, user.is_active, user.registered_at,
        stored.password_hash, stored.revision, *(user.allowance or (None, None)),
    )  # fmt: skip


def user_of(row: Row) -> StoredUser:
    id_, _, user_id, email, first_name, last_name, role, is_active, registered_at, password_hash, revision, *rate = row
    person = Person(first_name, last_name)
    allowance = Allowance(*rate) if all(rate) else None
    user = User(id_, user_id, email, person, Role(role), bool(is_active), registered_at, allowance)
    return StoredUser(user, password_hash, revision)


def token_row(stored: StoredToken) -> Row:
    token = stored.token
    return (
        token.id, TENANT, token.token_id, token.user, token.hash, token.description, " ".join(token.roles),
        token.created_at, token.expires_at, token.is_revoked, stored.revision, stored.last_used_at,
    )  # fmt: skip


def token_of(row: Row) -> StoredToken:
    id_, _, token_id, user, hash_, description, roles, created_at, expires_at, is_revoked, revision, used_at = row
    token = Token(
        id_, token_id, user, hash_, description, in_order(roles.split()), created_at, expires_at, bool(is_revoked)
    )  # fmt: skip
    return StoredToken(token, revision, used_at)


def setup_code_row(code: SetupCode) -> Row:
    return (code.user, TENANT, code.hash, code.expires_at)


def setup_code_of(row: Row) -> SetupCode:
    user, _, hash_, expires_at = row
    return SetupCode(user, hash_, expires_at)


def session_row(session: Session) -> Row:
    return (session.hash, TENANT, session.user, session.expires_at)


def session_of(row: Row) -> Session:
    hash_, _, user, expires_at = row
    return Session(hash_, user, expires_at)

"""A user: somebody who signs in, and whose tokens may do what their role allows.

The address and the names are personal: they lie in the user's row, no event holds them, and deletion leaves none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, assert_never

from couvert.domain.allowance import Allowance
from couvert.domain.lines import is_one_line
from couvert.domain.refusals import Conflict, NotFound, RuleBroken

LONGEST_NAME: Final = 100


class Role(StrEnum):
    ADMIN = "admin"
    MEMBER = "member"
    READONLY = "readonly"


class Person(NamedTuple):
    """Empty where unset."""

    first_name: str = ""
    last_name: str = ""


NOBODY: Final = Person()


class User(NamedTuple):
    """A user's state. Times are milliseconds since 1970."""

    id: int
    user_id: str
    """The UUID that clients see."""
    email: str
    """Empty once the user is deleted, so that the address can be added again."""
    person: Person
    role: Role
    is_active: bool
    registered_at: int
    allowance: Allowance | None = None
    """How often their tokens may call /v2; None is as often as everybody's."""

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN


@dataclass(frozen=True, slots=True)
class UserAdded:
    user_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class UserRenamed:
    pass


@dataclass(frozen=True, slots=True)
class PasswordSet:
    pass


@dataclass(frozen=True, slots=True)
class UserDeleted:
    pass


@dataclass(frozen=True, slots=True)
class UserLimited:
    """From now on the user may call /v2 so often; with None as often as everybody."""

    limit: int | None
    period_seconds: int | None


@dataclass(frozen=True, slots=True)
class UserRoleChanged:
    role: Role


UserEvent = UserAdded | UserRenamed | PasswordSet | UserDeleted | UserLimited | UserRoleChanged


def evolve(user: User, event: UserEvent, at: int) -> User:
    """The user after the event, which happened at `at`. What is personal comes with the command, not with the event."""
    match event:
        case UserAdded(user_id, role):
            return user._replace(user_id=user_id, role=role, is_active=True, registered_at=at)
        case UserRenamed() | PasswordSet():
            return user
        case UserDeleted():
            return user._replace(email="", person=NOBODY, is_active=False)
        case UserLimited(limit, period_seconds):
            return user._replace(allowance=Allowance(limit, period_seconds) if limit and period_seconds else None)
        case UserRoleChanged(role):
            return user._replace(role=role)
        case _:
            assert_never(event)


def blank(id_: int, email: str = "", person: Person = NOBODY) -> User:
    """Whom nothing has happened to yet."""
    return User(id_, "", email, person, Role.READONLY, is_active=False, registered_at=0)


def add(*, user_id: str, role: Role, person: Person) -> list[UserEvent]:
    _check(person)
    return [UserAdded(user_id, role)]


def rename(user: User | None, person: Person) -> list[UserEvent]:
    """Nothing at all if that is the name already."""
    _check(person)
    return [] if existing(user).person == person else [UserRenamed()]


def set_password(user: User | None) -> list[UserEvent]:
    existing(user)
    return [PasswordSet()]


def limit(user: User | None, allowance: Allowance | None) -> list[UserEvent]:
    """Nothing at all if that is the limit already."""
    if existing(user).allowance == allowance:
        return []
    return [UserLimited(*allowance) if allowance else UserLimited(None, None)]


def give_role(user: User | None, role: Role, *, other_admins: int) -> list[UserEvent]:
    """Nothing at all if that is the role already."""
    if existing(user).role is role:
        return []
    _check_is_not_last(user, other_admins)
    return [UserRoleChanged(role)]


def delete(user: User | None, *, other_admins: int) -> list[UserEvent]:
    _check_is_not_last(existing(user), other_admins)
    return [UserDeleted()]


def existing(user: User | None) -> User:
    if user is None or not user.is_active:
        raise NotFound("The user does not exist.")
    return user


def _check_is_not_last(user: User | None, other_admins: int) -> None:
    if existing(user).is_admin and not other_admins:
        raise Conflict("This is the last admin; add another one first, or nobody could add or delete users any more.")


def _check(person: Person) -> None:
    for name, text in zip(("firstName", "lastName"), person, strict=True):
        if len(text) > LONGEST_NAME or not is_one_line(text):
            raise RuleBroken(f"{name} has to be one line of at most {LONGEST_NAME} characters.")

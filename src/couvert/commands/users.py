"""Add, rename and delete users, and set their passwords."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

from couvert.commands.addresses import AddressFault, normalise
from couvert.commands.again import again
from couvert.commands.callers import Caller, guard_of
from couvert.commands.claims import Claim
from couvert.commands.passwords import Passwords
from couvert.commands.token_book import TokenBook
from couvert.commands.user_changes import change_of, revoke
from couvert.domain import token as token_rules, user as rules
from couvert.domain.allowance import Allowance
from couvert.domain.ids import IdSource
from couvert.domain.refusals import Conflict, RuleBroken
from couvert.domain.user import NOBODY, PasswordSet, Person, Role, User
from couvert.store.accounts import FIRST_ADMIN, StoredUser
from couvert.store.changes import Change
from couvert.store.log import Position
from couvert.store.port import Store


class ChangedUser(NamedTuple):
    user: User
    position: Position


@dataclass(frozen=True, slots=True)
class Users:
    """`by` is the caller whose token must still be good when the change is kept; None if no token asks."""

    store: Store
    ids: IdSource
    now_ms: Callable[[], int]
    passwords: Passwords
    book: TokenBook

    async def find(self, user_id: str) -> StoredUser | None:
        """By the UUID that clients see."""
        return next((stored for stored in await self.store.users() if stored.user.user_id == user_id), None)

    async def by_email(self, email: str) -> StoredUser | None:
        """Raises `RuleBroken` if it is no address."""
        return await self.store.user_by_email(_normalised(email))

    async def add(
        self,
        *,
        email: str,
        role: Role,
        person: Person = NOBODY,
        password: str | None = None,
        by: Caller | None = None,
        claim: Claim | None = None,
        setup_code: bytes | None = None,
    ) -> ChangedUser:
        """`setup_code`: the hash of the one that is used up by this. Raises `RuleBroken`, and `Conflict` if the
        address is taken.
        """
        address = _normalised(email)
        await self._check_is_free(address)
        events = rules.add(user_id=str(uuid4()), role=role, person=person)
        password_hash = await self.passwords.hashed(password) if password is not None else None
        now = self.now_ms()
        blank = rules.blank(self.ids.block(1), address, person)
        added = [*events, PasswordSet()] if password_hash else events
        change = change_of(StoredUser(blank, password_hash, 0), added, now)
        user = change.users[0].user
        change.expected_tokens = guard_of(by)
        change.used_setup_codes = [setup_code] if setup_code else []
        change.void_setup_codes = [FIRST_ADMIN]
        change.idempotency = claim.kept(ChangedUser(user, 0), at=now) if claim else None
        return ChangedUser(user, await self.store.commit(change))

    async def rename(self, id_: int, person: Person, *, by: Caller | None = None) -> ChangedUser:
        async def attempt() -> ChangedUser:
            stored = await self.store.user(id_)
            events = rules.rename(stored and stored.user, person)
            assert stored is not None
            if not events:
                return ChangedUser(stored.user, await self.store.position())
            renamed = stored._replace(user=stored.user._replace(person=person))
            change = change_of(renamed, events, self.now_ms())
            change.expected_tokens = guard_of(by)
            return ChangedUser(change.users[0].user, await self._commit(change))

        return await again(attempt)

    async def set_password(self, id_: int, password: str, *, setup_code: bytes | None = None) -> Position:
        """Whoever is signed in as this user is so no longer."""
        password_hash = await self.passwords.hashed(password)

        async def attempt() -> Position:
            stored = await self.store.user(id_)
            events = rules.set_password(stored and stored.user)
            assert stored is not None
            change = change_of(stored._replace(password_hash=password_hash), events, self.now_ms())
            change.used_setup_codes = [setup_code] if setup_code else []
            change.void_setup_codes = [id_]
            change.signed_out = [id_]
            return await self._commit(change)

        return await again(attempt)

    async def limit(self, id_: int, allowance: Allowance | None) -> Position:
        """How often the user may call /v2; None: as often as everybody."""

        async def attempt() -> Position:
            stored = await self.store.user(id_)
            events = rules.limit(stored and stored.user, allowance)
            assert stored is not None
            return (
                await self._commit(change_of(stored, events, self.now_ms())) if events else await self.store.position()
            )

        return await again(attempt)

    async def give_role(self, id_: int, role: Role) -> Position:
        """Tokens that may do more than the role allows are revoked. Raises `Conflict` for the last admin."""

        async def attempt() -> Position:
            stored, others = await self._with_other_admins(id_)
            events = rules.give_role(stored and stored.user, role, other_admins=len(others))
            if not events:
                return await self.store.position()
            assert stored is not None
            change = change_of(stored, events, self.now_ms())
            revoke(change, [each for each in await self.store.tokens(id_) if token_rules.exceeds(each.token, role)])
            change.expected_users = _one_stays(others)
            return await self._commit(change)

        return await again(attempt)

    async def delete(self, user_id: str, *, by: Caller | None = None) -> Position:
        """With sessions and tokens, which are revoked. Raises `NotFound`, and `Conflict` for the last admin."""
        found = await self.find(user_id)
        id_ = found.user.id if found else 0

        async def attempt() -> Position:
            stored, others = await self._with_other_admins(id_)
            events = rules.delete(stored and stored.user, other_admins=len(others))
            assert stored is not None
            change = change_of(stored._replace(password_hash=None), events, self.now_ms())
            revoke(change, await self.store.tokens(id_))
            change.expected_users = _one_stays(others)
            change.expected_tokens = guard_of(by)
            change.void_setup_codes = change.signed_out = [id_]
            return await self._commit(change)

        return await again(attempt)

    async def _with_other_admins(self, id_: int) -> tuple[StoredUser | None, list[StoredUser]]:
        everybody = await self.store.users()
        stored = next((each for each in everybody if each.user.id == id_), None)
        return stored, [each for each in everybody if each.user.is_admin and each is not stored]

    async def _check_is_free(self, address: str) -> None:
        if await self.store.user_by_email(address) is not None:
            raise Conflict(f"There is a user with the address {address} already.")

    async def _commit(self, change: Change) -> Position:
        position = await self.store.commit(change)
        self.book.forget()
        return position


def _one_stays(others: Sequence[StoredUser]) -> Mapping[int, int]:
    """Two admins who take each other away at the same moment: one of them stays."""
    return {other.user.id: other.revision for other in others[:1]}


def _normalised(email: str) -> str:
    try:
        return normalise(email)
    except AddressFault as fault:
        raise RuleBroken(f"email: {fault}") from None

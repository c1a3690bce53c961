"""Set-up links: the first admin of an installation, or somebody who was added without a password, comes in once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from couvert.commands.secret_words import hash_of, new_code
from couvert.commands.users import Users
from couvert.domain.refusals import NotFound
from couvert.domain.user import Person, Role, User, existing
from couvert.store.accounts import FIRST_ADMIN, SetupCode
from couvert.store.changes import Change
from couvert.store.port import Store

GOOD_FOR_MS: Final = 24 * 3_600_000
PATH: Final = "/console/setup?code="


@dataclass(frozen=True, slots=True)
class SetUp:
    store: Store
    now_ms: Callable[[], int]
    users: Users

    async def new_path(self, user: int = FIRST_ADMIN) -> str:
        """Of a link that works once, for 24 hours; one that its user had before works no longer."""
        code, now = new_code(), self.now_ms()
        await self.store.commit(Change(at=now, setup_codes=[SetupCode(user, hash_of(code), now + GOOD_FOR_MS)]))
        return PATH + code

    async def is_needed(self) -> bool:
        """Whether there is nobody yet who could sign in."""
        return not await self.store.users()

    async def whose(self, code: str) -> User | None:
        """Whom the link is for; None: the first admin, whoever that will be. Raises `NotFound`."""
        stored = await self.store.setup_code(hash_of(code))
        is_void = stored is not None and stored.user == FIRST_ADMIN and not await self.is_needed()
        if stored is None or is_void or self.now_ms() >= stored.expires_at:
            raise NotFound("This set-up link was used, or has expired. Ask for a new one.")
        if stored.user == FIRST_ADMIN:
            return None
        owner = await self.store.user(stored.user)
        return existing(owner and owner.user)

    async def use(self, code: str, *, email: str, person: Person, password: str) -> int:
        """The user's id. Address and name are only asked of the first admin. Raises `NotFound`, `RuleBroken`, and
        `Conflict` if somebody else used the link meanwhile.
        """
        owner, code_hash = await self.whose(code), hash_of(code)
        if owner is not None:
            await self.users.set_password(owner.id, password, setup_code=code_hash)
            return owner.id
        added = await self.users.add(
            email=email, role=Role.ADMIN, person=person, password=password, setup_code=code_hash
        )
        return added.user.id

"""Create, edit and revoke API tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

from couvert.commands.again import again
from couvert.commands.callers import Caller, guard_of, roles_of
from couvert.commands.claims import Claim
from couvert.commands.secret_words import hash_of, new_token
from couvert.commands.token_book import TokenBook
from couvert.domain import token as rules
from couvert.domain.ids import IdSource
from couvert.domain.token import Token, TokenEvent, TokenRole
from couvert.domain.user import existing
from couvert.store.accounts import StoredToken
from couvert.store.changes import Change
from couvert.store.log import Position, Record
from couvert.store.port import Store

_Find = Callable[[], Awaitable[StoredToken | None]]


class CreatedToken(NamedTuple):
    token: Token
    secret: str
    """Shown once; only its hash is stored."""
    position: Position


class ChangedToken(NamedTuple):
    token: StoredToken
    position: Position


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens are one's own: all that is asked for is asked for a user. `by` as in `Users`."""

    store: Store
    ids: IdSource
    now_ms: Callable[[], int]
    book: TokenBook

    async def of(self, user: int) -> list[StoredToken]:
        """Those that are not revoked; expired ones, too."""
        return [self._with_last_use(stored) for stored in await self.store.tokens(user)]

    async def find(self, user: int, token_id: str) -> StoredToken:
        """By the UUID that clients see. Raises `NotFound`, for somebody else's as well."""
        stored = await self._own(user, token_id)
        rules.existing(stored and stored.token)
        assert stored is not None
        return stored

    async def create(
        self,
        user: int,
        *,
        description: str,
        roles: Collection[TokenRole],
        expires_at: int | None = None,
        by: Caller | None = None,
        claim: Claim | None = None,
    ) -> CreatedToken:
        """Raises `RuleBroken`, and `MissingRole` if the caller's token lacks one that it would give."""
        secret = new_token()

        async def attempt() -> CreatedToken:
            owner = await self.store.user(user)
            now = self.now_ms()
            events = rules.create(
                existing(owner and owner.user), token_id=str(uuid4()), description=description.strip(), roles=roles,
                expires_at=expires_at, granted_by=roles_of(by), now=now,
            )  # fmt: skip
            assert owner is not None
            blank = rules.blank(self.ids.block(1), hash_of(secret), description.strip())
            change = _change(StoredToken(blank, 0), events, now)
            change.expected_users = {user: owner.revision}
            change.expected_tokens = guard_of(by)
            created = CreatedToken(change.tokens[0].token, secret, 0)
            change.idempotency = claim.kept(created, at=now) if claim else None
            return created._replace(position=await self.store.commit(change))

        return await again(attempt)

    async def edit(
        self, user: int, token_id: str, *, description: str, expires_at: int | None, by: Caller | None = None
    ) -> ChangedToken:
        """Raises `NotFound` and `RuleBroken`."""

        async def attempt() -> ChangedToken:
            stored, now = await self.find(user, token_id), self.now_ms()
            events = rules.edit(stored.token, description=description.strip(), expires_at=expires_at, now=now)
            if not events:
                return ChangedToken(stored, await self.store.position())
            edited = stored._replace(token=stored.token._replace(description=description.strip()))
            return await self._commit(_change(edited, events, now), by)

        return await again(attempt)

    async def revoke(self, user: int, token_id: str, *, by: Caller | None = None) -> Position:
        """Raises `NotFound`, also if it was revoked before."""
        return await self._revoke(lambda: self._own(user, token_id), by)

    async def revoke_anybodys(self, secret_or_id: str) -> Position:
        """For whoever has the data anyway, the command line. Raises `NotFound`."""

        async def find() -> StoredToken | None:
            if (stored := await self.store.token(hash_of(secret_or_id))) is not None:
                return stored
            found = [await self._own(each.user.id, secret_or_id) for each in await self.store.users()]
            return next(filter(None, found), None)

        return await self._revoke(find, None)

    async def _revoke(self, find: _Find, by: Caller | None) -> Position:
        async def attempt() -> Position:
            stored = await find()
            events = rules.revoke(stored and stored.token)
            assert stored is not None
            return (await self._commit(_change(stored, events, self.now_ms()), by)).position

        return await again(attempt)

    async def _own(self, user: int, token_id: str) -> StoredToken | None:
        return next((stored for stored in await self.of(user) if stored.token.token_id == token_id), None)

    async def _commit(self, change: Change, by: Caller | None) -> ChangedToken:
        change.expected_tokens = guard_of(by)
        position = await self.store.commit(change)
        self.book.forget()
        return ChangedToken(change.tokens[0], position)

    def _with_last_use(self, stored: StoredToken) -> StoredToken:
        return stored._replace(last_used_at=self.book.last_use(stored))


def _change(stored: StoredToken, events: Iterable[TokenEvent], now: int) -> Change:
    token, records = stored.token, []
    for event in events:
        token = rules.evolve(token, event, now)
        records.append(Record(token.id, 0, event))
    after = StoredToken(token, stored.revision + 1, stored.last_used_at)
    return Change(at=now, records=records, tokens=[after])

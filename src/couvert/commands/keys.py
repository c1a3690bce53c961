"""Create, restrict, replace and delete /v1 API keys, and name the origins they are good for."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import uuid4

from couvert.commands.claims import Claim
from couvert.domain import key as rules
from couvert.domain.ids import IdSource
from couvert.domain.key import ApiKey, KeyEvent, NamedOrigin
from couvert.domain.refusals import Conflict
from couvert.domain.restrictions import NONE, Restrictions
from couvert.store.port import Change, Position, Record, Store, StoredKey

MOST_FOUND: Final = 10_000
"""Keys remembered, a few hundred bytes each."""

_Find = Callable[[], Awaitable[StoredKey | None]]
_Decide = Callable[[ApiKey | None], list[KeyEvent]]


class CreatedKey(NamedTuple):
    key: ApiKey
    secret: str
    """Shown once; only its hash is stored."""
    position: Position


class AddedOrigins(NamedTuple):
    origins: tuple[NamedOrigin, ...]
    position: Position
    all: tuple[NamedOrigin, ...]
    """Those that the key has now."""


class ChangedKey(NamedTuple):
    before: ApiKey
    key: ApiKey
    position: Position

    def added(self) -> AddedOrigins:
        """The new origins stand at the end."""
        new = [origin for origin in self.key.origins if origin not in self.before.origins]
        return AddedOrigins(tuple(new), self.position, self.key.origins)


def hash_of(secret: str) -> bytes:
    """What is stored of a key. It is random and long, so a fast hash is right: nothing can be guessed."""
    return sha256(secret.encode(errors="surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Keys:
    store: Store
    ids: IdSource
    now_ms: Callable[[], int]
    _found: dict[bytes, StoredKey] = field(default_factory=dict)

    async def find(self, secret: str) -> StoredKey | None:
        """As it is now."""
        key_hash = hash_of(secret)
        stored = await self.store.key(key_hash)
        if stored is None:
            self._found.pop(key_hash, None)
        else:
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            self._found[key_hash] = stored
        return stored

    def recall(self, secret: str) -> StoredKey | None:
        """As it was when it was last looked for. What is decided on it must expect its revision, and nobody is refused
        for it: another process may have changed the key.
        """
        return self._found.get(hash_of(secret))

    async def create(
        self,
        *,
        name: str,
        origins: Sequence[str],
        expires_at: int | None,
        restrictions: Restrictions = NONE,
        claim: Claim | None = None,
    ) -> CreatedKey:
        """`origins` in their stored form. Raises `RuleBroken` if the key would have expired already."""
        now = self.now_ms()
        secret = "ak_" + secrets.token_hex(20)
        events = rules.create(
            key_id=str(uuid4()), name=name, origins=origins, expires_at=expires_at, now=now, restrictions=restrictions
        )
        blank = ApiKey(self.ids.block(1), "", hash_of(secret), "", False, now, None, ())  # noqa: FBT003 - all by events

        def created(changed: ChangedKey) -> CreatedKey:
            return CreatedKey(changed.key, secret, changed.position)

        return created(await self._commit(StoredKey(blank, 0), events, now, claim, created))

    async def replace(
        self,
        key_id: str,
        *,
        name: str,
        expires_at: int | None,
        restrictions: Restrictions,
        origins: Sequence[str] | None = None,
    ) -> ChangedKey:
        """By the UUID; None leaves the origins as they are. Raises `NotFound` and `RuleBroken`."""

        def decide(key: ApiKey | None) -> list[KeyEvent]:
            return rules.replace(
                key, name=name, expires_at=expires_at, restrictions=restrictions, origins=origins, now=self.now_ms()
            )

        return await self._change(self._by_id(key_id), decide)

    async def add_origins(self, secret: str, origins: Iterable[str]) -> AddedOrigins:
        """Answers the newly added ones only. Raises `NotFound`."""
        return await self._add_origins(lambda: self.find(secret), origins, None)

    async def add_origins_by_id(self, key_id: str, origins: Iterable[str], claim: Claim | None = None) -> AddedOrigins:
        """As `add_origins`, by the UUID."""
        return await self._add_origins(self._by_id(key_id), origins, claim)

    async def remove_origin(self, key_id: str, origin: str) -> Position:
        """In its stored form. Raises `NotFound`, also if the key has no such origin."""
        return (await self._change(self._by_id(key_id), lambda key: rules.remove_origin(key, origin))).position

    async def delete(self, secret: str) -> Position:
        """Raises `NotFound`, also if it was deleted before."""
        return (await self._change(lambda: self.find(secret), rules.delete)).position

    async def delete_by_id(self, key_id: str) -> Position:
        """As `delete`, by the UUID that `couvert key list` shows."""
        return (await self._change(self._by_id(key_id), rules.delete)).position

    def _by_id(self, key_id: str) -> _Find:
        return lambda: self.store.key_by_id(key_id)

    async def _add_origins(self, find: _Find, origins: Iterable[str], claim: Claim | None) -> AddedOrigins:
        names = tuple(origins)
        changed = await self._change(find, lambda key: rules.add_origins(key, names), claim, ChangedKey.added)
        return changed.added()

    async def _change(
        self,
        find: _Find,
        decide: _Decide,
        claim: Claim | None = None,
        result: Callable[[ChangedKey], object] | None = None,
    ) -> ChangedKey:
        """Decided anew if somebody else changed the key first; `decide` refuses a key that is not there."""
        while True:
            stored = await find()
            events = decide(stored and stored.key)
            assert stored is not None
            try:
                return await self._commit(stored, events, self.now_ms(), claim, result)
            except Conflict:
                if claim is not None and await self.store.idempotency(claim.scope):
                    raise

    async def _commit(
        self,
        stored: StoredKey,
        events: Sequence[KeyEvent],
        now: int,
        claim: Claim | None,
        result: Callable[[ChangedKey], object] | None,
    ) -> ChangedKey:
        key = stored.key
        for event in events:
            key = rules.evolve(key, event, now)
        changed = ChangedKey(stored.key, key, 0)
        change = Change(at=now, records=[Record(key.id, 0, event) for event in events])
        if events:
            change.keys = [StoredKey(key, stored.revision + 1)]
        if claim is not None:
            change.idempotency = claim.kept(result(changed) if result else changed, at=now)
        self._found.pop(key.hash, None)
        if not events and claim is None:
            return changed._replace(position=await self.store.position())
        return changed._replace(position=await self.store.commit(change))

"""Create and delete /v1 API keys, and name the origins they are good for."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import uuid4

from couvert.domain import key as rules
from couvert.domain.ids import IdSource
from couvert.domain.key import ApiKey, KeyEvent, NamedOrigin
from couvert.domain.refusals import Conflict
from couvert.store.port import Change, Position, Record, Store, StoredKey

MOST_FOUND: Final = 10_000
"""Keys remembered, a few hundred bytes each."""

_Find = Callable[[], Awaitable[StoredKey | None]]


class CreatedKey(NamedTuple):
    key: ApiKey
    secret: str
    """Shown once; only its hash is stored."""
    position: Position


class AddedOrigins(NamedTuple):
    origins: tuple[NamedOrigin, ...]
    position: Position


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

    async def create(self, *, name: str, origins: Sequence[str], expires_at: int | None) -> CreatedKey:
        """`origins` in their stored form. Raises `RuleBroken` if the key would have expired already."""
        now = self.now_ms()
        secret = "ak_" + secrets.token_hex(20)
        events = rules.create(key_id=str(uuid4()), name=name, origins=origins, expires_at=expires_at, now=now)
        blank = ApiKey(self.ids.block(1), "", hash_of(secret), "", False, now, None, ())  # noqa: FBT003 - all by events
        stored, position = await self._commit(StoredKey(blank, 0), events, now)
        return CreatedKey(stored.key, secret, position)

    async def add_origins(self, secret: str, origins: Iterable[str]) -> AddedOrigins:
        """Answers the newly added ones only. Raises `NotFound`."""
        names = tuple(origins)
        while True:
            stored = await self.find(secret)
            events = rules.add_origins(stored and stored.key, names)
            if stored is None or not events:
                return AddedOrigins((), await self.store.position())
            try:
                after, position = await self._commit(stored, events, self.now_ms())
            except Conflict:
                continue
            return AddedOrigins(after.key.origins[len(stored.key.origins) :], position)

    async def delete(self, secret: str) -> Position:
        """Raises `NotFound`, also if it was deleted before."""
        return await self._delete(lambda: self.find(secret))

    async def delete_by_id(self, key_id: str) -> Position:
        """As `delete`, by the UUID that `couvert key list` shows."""

        async def find() -> StoredKey | None:
            return next((stored for stored in await self.store.keys() if stored.key.key_id == key_id), None)

        return await self._delete(find)

    async def _delete(self, find: _Find) -> Position:
        while True:
            stored = await find()
            events = rules.delete(stored and stored.key)
            assert stored is not None
            try:
                _, position = await self._commit(stored, events, self.now_ms())
            except Conflict:
                continue
            return position

    async def _commit(self, stored: StoredKey, events: Iterable[KeyEvent], now: int) -> tuple[StoredKey, Position]:
        key, records = stored.key, []
        for event in events:
            key = rules.evolve(key, event, now)
            records.append(Record(key.id, 0, event))
        after = StoredKey(key, stored.revision + 1)
        self._found.pop(key.hash, None)
        return after, await self.store.commit(Change(at=now, records=records, keys=[after]))

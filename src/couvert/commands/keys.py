"""Create, restrict, replace and delete /v1 API keys, and name the origins they are good for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import uuid4

from couvert.commands.callers import Caller
from couvert.commands.claims import Claim
from couvert.commands.key_changes import AddedOrigins, AskedBy, ChangedKey, Find, KeyChanges
from couvert.domain import key as rules
from couvert.domain.ids import IdSource
from couvert.domain.key import ApiKey, KeyEvent
from couvert.domain.restrictions import NONE, Restrictions
from couvert.store.log import Position
from couvert.store.port import Store
from couvert.store.rows import StoredKey

MOST_FOUND: Final = 10_000
"""Keys remembered, a few hundred bytes each."""


class CreatedKey(NamedTuple):
    key: ApiKey
    secret: str
    """Shown once; only its hash is stored."""
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

    async def create(
        self,
        *,
        name: str,
        origins: Sequence[str],
        expires_at: int | None,
        restrictions: Restrictions = NONE,
        by: Caller | None = None,
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

        asked = AskedBy(by, claim, created)
        stored = StoredKey(blank, 0)
        return created(await self._changes.committed(stored, events, now, asked, senders=restrictions.senders))

    async def replace(
        self,
        key_id: str,
        *,
        name: str,
        expires_at: int | None,
        restrictions: Restrictions,
        origins: Sequence[str] | None = None,
        by: Caller | None = None,
    ) -> ChangedKey:
        """By the UUID; None leaves the origins as they are. Raises `NotFound` and `RuleBroken`."""

        def decide(key: ApiKey | None) -> Sequence[KeyEvent]:
            return rules.replace(
                key, name=name, expires_at=expires_at, restrictions=restrictions, origins=origins, now=self.now_ms()
            )

        return await self._changes.changed(self._by_id(key_id), decide, AskedBy(by), senders=restrictions.senders)

    async def add_origins(self, secret: str, origins: Iterable[str]) -> AddedOrigins:
        """Raises `NotFound`."""
        names = tuple(origins)
        changed = await self._changes.changed(self._by_secret(secret), lambda key: rules.add_origins(key, names))
        return changed.added()

    async def add_origin(
        self, key_id: str, origin: str, *, by: Caller | None = None, claim: Claim | None = None
    ) -> AddedOrigins:
        """By the UUID. Raises `NotFound`."""
        asked = AskedBy(by, claim, ChangedKey.added)
        changed = await self._changes.changed(self._by_id(key_id), lambda key: rules.add_origins(key, [origin]), asked)
        return changed.added()

    async def remove_origin(self, key_id: str, origin: str, *, by: Caller | None = None) -> Position:
        """In its stored form. Raises `NotFound`, also if the key has no such origin."""
        changed = await self._changes.changed(
            self._by_id(key_id), lambda key: rules.remove_origin(key, origin), AskedBy(by)
        )
        return changed.position

    async def delete(self, secret: str) -> Position:
        """Raises `NotFound`, also if it was deleted before."""
        return (await self._changes.changed(self._by_secret(secret), rules.delete)).position

    async def delete_by_id(self, key_id: str, *, by: Caller | None = None) -> Position:
        """As `delete`, by the UUID that `couvert key list` shows."""
        return (await self._changes.changed(self._by_id(key_id), rules.delete, AskedBy(by))).position

    @property
    def _changes(self) -> KeyChanges:
        return KeyChanges(self.store, self.now_ms, lambda key: self._found.pop(key.hash, None))

    def _by_id(self, key_id: str) -> Find:
        return lambda: self.store.key_by_id(key_id)

    def _by_secret(self, secret: str) -> Find:
        return lambda: self.find(secret)

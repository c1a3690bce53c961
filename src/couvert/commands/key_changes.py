"""What happens to an API key, committed: its events and the row they leave, decided anew if somebody else was first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from couvert.commands.again import again
from couvert.commands.callers import Caller, guard_of
from couvert.commands.claims import Claim
from couvert.domain.key import ApiKey, KeyEvent, NamedOrigin, evolve, with_senders
from couvert.store.changes import Change
from couvert.store.log import Position, Record
from couvert.store.port import Store
from couvert.store.rows import StoredKey

Find = Callable[[], Awaitable[StoredKey | None]]
Decide = Callable[[ApiKey | None], Sequence[KeyEvent]]


TRIES: Final = 50
"""Of as many who change one key at the same moment, the last has to be first in the end."""


class AddedOrigins(NamedTuple):
    origins: tuple[NamedOrigin, ...]
    """The newly added ones."""
    position: Position
    all: tuple[NamedOrigin, ...]
    """Those that the key has now."""


class ChangedKey(NamedTuple):
    before: ApiKey
    key: ApiKey
    position: Position

    def added(self) -> AddedOrigins:
        new = [origin for origin in self.key.origins if origin not in self.before.origins]
        return AddedOrigins(tuple(new), self.position, self.key.origins)


class AskedBy(NamedTuple):
    """Who asks for a change over /v2, and the key that a repeat of it would come with."""

    caller: Caller | None = None
    """None: /v1 or the command line, where no token asks."""
    claim: Claim | None = None
    result: Callable[[ChangedKey], object] = lambda changed: changed
    """What the claim's answer is made of."""


NOBODY = AskedBy()


@dataclass(frozen=True, slots=True)
class KeyChanges:
    store: Store
    now_ms: Callable[[], int]
    forget: Callable[[ApiKey], object]
    """Called with each key that changes."""

    async def changed(
        self, find: Find, decide: Decide, asked: AskedBy = NOBODY, *, senders: tuple[str, ...] | None = None
    ) -> ChangedKey:
        """Raises what `decide` does for a key that is not there, and `Conflict` if claim or token is not good."""

        async def attempt() -> ChangedKey:
            stored = await find()
            events = decide(stored and stored.key)
            assert stored is not None
            return await self.committed(stored, events, self.now_ms(), asked, senders=senders)

        return await again(attempt, tries=TRIES)

    async def committed(
        self,
        stored: StoredKey,
        events: Sequence[KeyEvent],
        now: int,
        asked: AskedBy = NOBODY,
        *,
        senders: tuple[str, ...] | None = None,
    ) -> ChangedKey:
        """`senders`: those that it may send as from now on; None leaves them as they are."""
        key = stored.key if senders is None else with_senders(stored.key, senders)
        for event in events:
            key = evolve(key, event, now)
        changed = ChangedKey(stored.key, key, 0)
        if not events and asked.claim is None:
            return changed._replace(position=await self.store.position())
        change = Change(at=now, records=[Record(key.id, 0, event) for event in events])
        change.keys = [StoredKey(key, stored.revision + 1)] if events else []
        change.expected_tokens = guard_of(asked.caller)
        change.idempotency = asked.claim.kept(asked.result(changed), at=now) if asked.claim else None
        self.forget(key)
        return changed._replace(position=await self.store.commit(change))

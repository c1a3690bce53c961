"""Suppress addresses by hand, one or a list of them; change that, end it, and record what has ended by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from couvert.commands.again import again
from couvert.commands.callers import Caller, guard_of
from couvert.commands.claims import Claim
from couvert.commands.consequences import Move, append, happened, new
from couvert.domain import ids, suppression as rules
from couvert.domain.delivery_events import Reason
from couvert.domain.ids import IdSource
from couvert.domain.refusals import AlreadySuppressed
from couvert.domain.suppression import (
    Suppression,
    SuppressionAdded,
    SuppressionExpired,
    SuppressionRemoved,
    is_in_force,
    mark_of,
)
from couvert.store.changes import Change
from couvert.store.log import Position
from couvert.store.port import Store, SuppressionFilter
from couvert.store.rows import StoredSuppression

SLICE: Final = 1_000
"""Addresses that are looked up, or that have ended, at a time: a millisecond or two of the event loop."""


class Entry(NamedTuple):
    """One address to be suppressed."""

    address: str
    """As `addresses.normalise` leaves it."""
    reason: Reason = "manual"
    expires_at: int | None = None


class ChangedSuppression(NamedTuple):
    suppression: Suppression
    position: Position


class Imported(NamedTuple):
    added: int
    replaced: int
    unchanged: int
    position: Position


@dataclass(frozen=True, slots=True)
class Suppressions:
    store: Store
    ids: IdSource
    now_ms: Callable[[], int]

    async def add(self, entry: Entry, *, by: Caller | None = None, claim: Claim | None = None) -> ChangedSuppression:
        """Raises `AlreadySuppressed`, and `RuleBroken` if it would have ended already."""

        async def attempt() -> ChangedSuppression:
            change = self._change(by)
            rules.check_expiry(entry.expires_at, change.at)
            known = (await self.store.active_suppressions([mark_of(entry.address)])).get(mark_of(entry.address))
            if known is not None and is_in_force(known.suppression, change.at):
                raise AlreadySuppressed(
                    f"This address is suppressed already: replace {ids.encode('sup', known.suppression.id)}."
                )
            moves = self._added(known, entry, by, change.at)
            _move(change, moves)
            changed = ChangedSuppression(moves[-1][1].suppression, 0)
            change.idempotency = claim.kept(changed, at=change.at) if claim else None
            return changed._replace(position=await self.store.commit(change))

        return await again(attempt)

    async def replace(
        self, suppression_id: int, *, reason: Reason | None, expires_at: int | None, by: Caller | None = None
    ) -> ChangedSuppression:
        """A reason of None stays as it is. Raises `NotFound` and `RuleBroken`."""

        async def attempt() -> ChangedSuppression:
            change = self._change(by)
            stored = await self._existing(suppression_id, change.at)
            event = rules.replace(stored.suppression, reason, expires_at, change.at)
            if event is None:
                return ChangedSuppression(stored.suppression, await self.store.position())
            row = append(change, stored, event)
            return ChangedSuppression(row.suppression, await self.store.commit(change))

        return await again(attempt)

    async def remove(self, suppression_id: int, *, by: Caller | None = None) -> Position:
        """Mail goes to the address again. Raises `NotFound`."""

        async def attempt() -> Position:
            change = self._change(by)
            append(change, await self._existing(suppression_id, change.at), SuppressionRemoved())
            return await self.store.commit(change)

        return await again(attempt)

    async def import_(
        self, entries: Sequence[Entry], *, by: Caller | None = None, claim: Claim | None = None
    ) -> Imported:
        """All of them or, if it raises, none; each address once. One that is suppressed already is replaced."""

        async def attempt() -> Imported:
            change = self._change(by)
            imported = await self._import(change, entries, by)
            change.idempotency = claim.kept(imported, at=change.at) if claim else None
            if not (change.records or claim):
                return imported._replace(position=await self.store.position())
            return imported._replace(position=await self.store.commit(change))

        return await again(attempt)

    async def record_ends(self) -> int:
        """How many have ended by themselves, and are recorded so now."""
        change = self._change(None)
        lapsed = await self.store.lapsed_suppressions(change.at, SLICE)
        ended = [(stored, event) for stored in lapsed if (event := rules.expire(stored.suppression, change.at))]
        _move(change, [happened(stored, event, change.at) for stored, event in ended])
        if ended:
            await self.store.commit(change)
        return len(ended)

    async def in_force(self) -> AsyncIterator[list[Suppression]]:
        """All of them, the newest first, a slice at a time."""
        wanted = SuppressionFilter(self.now_ms())
        while found := await self.store.suppressions(wanted, limit=SLICE):
            yield [stored.suppression for stored in found]
            wanted = wanted._replace(before=found[-1].suppression.id)
            await asyncio.sleep(0)  # for whoever else the event loop has to serve

    async def find(self, address: str) -> Suppression | None:
        """The one in force."""
        return (await self.of([address])).get(address)

    async def of(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """The one in force of each of these addresses that has one."""
        marks, now = {address: mark_of(address) for address in addresses}, self.now_ms()
        known = await self._known(list(marks.values()))
        found = {address: known[mark].suppression for address, mark in marks.items() if mark in known}
        return {address: suppression for address, suppression in found.items() if is_in_force(suppression, now)}

    # --- Details ------------------------------------------------------------------------------------------------------

    def _change(self, by: Caller | None) -> Change:
        return Change(at=self.now_ms(), expected_tokens=guard_of(by))

    async def _existing(self, suppression_id: int, now: int) -> StoredSuppression:
        stored = await self.store.suppression(suppression_id)
        rules.existing(stored and stored.suppression, now)
        assert stored is not None
        return stored

    def _added(self, lapsed: StoredSuppression | None, entry: Entry, by: Caller | None, at: int) -> list[Move]:
        event = SuppressionAdded(entry.reason, None, by.user if by else None, entry.expires_at)
        added = happened(new(self.ids, entry.address), event, at)
        return [added] if lapsed is None else [happened(lapsed, SuppressionExpired(), at), added]

    async def _known(self, marks: Sequence[bytes]) -> Mapping[bytes, StoredSuppression]:
        known: dict[bytes, StoredSuppression] = {}
        for start in range(0, len(marks), SLICE):
            known.update(await self.store.active_suppressions(marks[start : start + SLICE]))
            await asyncio.sleep(0)  # for whoever else the event loop has to serve
        return known

    async def _import(self, change: Change, entries: Sequence[Entry], by: Caller | None) -> Imported:
        moves: list[Move] = []
        added = replaced = 0
        for start in range(0, len(entries), SLICE):
            some = [(entry, mark_of(entry.address)) for entry in entries[start : start + SLICE]]
            known = await self.store.active_suppressions([mark for _, mark in some])
            for entry, mark in some:
                stored = known.get(mark)
                if stored is None or not is_in_force(stored.suppression, change.at):
                    moves += self._added(stored, entry, by, change.at)
                    added += 1
                elif event := rules.replace(stored.suppression, entry.reason, entry.expires_at, change.at):
                    moves.append(happened(stored, event, change.at))
                    replaced += 1
            await asyncio.sleep(0)  # for whoever else the event loop has to serve
        _move(change, moves)
        return Imported(added, replaced, len(entries) - added - replaced, 0)


def _move(change: Change, moves: Sequence[Move]) -> None:
    change.records = [record for record, _ in moves]
    change.suppressions = [row for _, row in moves]

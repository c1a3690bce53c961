"""What the calls about suppressions do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response

from couvert.api.parts import Parts
from couvert.api.v2 import inputs
from couvert.api.v2.asked import Answer, Asked, Page
from couvert.api.v2.large_bodies import read_aside
from couvert.api.v2.pages import check_reach, wanted_of
from couvert.api.v2.refusals import Faulty, Item
from couvert.api.v2.suppressions.shapes import ImportedAnswer, SuppressionsQuery, suppression_answer
from couvert.api.v2.times import to_ms
from couvert.commands import suppression_lists
from couvert.commands.suppressions import Entry, Imported
from couvert.domain import ids
from couvert.domain.refusals import NotFound, RuleBroken
from couvert.domain.suppression import existing, mark_of
from couvert.readmodels.cursors import cursor_at, place_of
from couvert.readmodels.pages import MOST_COUNTED
from couvert.store.port import SuppressionFilter

CSV: Final = "text/csv"


@dataclass(frozen=True, slots=True)
class SuppressionCalls:
    parts: Parts

    async def create(self, asked: Asked) -> Answer:
        entry = Entry(asked.body.email, asked.body.reason, to_ms(asked.body.expires_at))
        claim = asked.claimed(lambda added: suppression_answer(added.suppression), 201)
        with _expiry_is_at_fault():
            added = await self.parts.suppressions.add(entry, by=asked.caller, claim=claim)
        return Answer(suppression_answer(added.suppression), etag=added.position)

    async def list_all(self, asked: Asked) -> Answer:
        """One more than asked for is read: if it is there, so is a next page."""
        query: SuppressionsQuery = asked.query
        wanted, name = wanted_of(query), f"suppressions {query.reason} {query.email}"
        before = place_of(query.cursor, name) if query.cursor else None
        mark = mark_of(query.email) if query.email else None
        all_ = SuppressionFilter(self.parts.now_ms(), query.reason, mark)
        counted = await self.parts.store.count_suppressions(all_, MOST_COUNTED + 1)
        total = counted if counted <= MOST_COUNTED else None
        check_reach(query, total)
        found = await self.parts.store.suppressions(
            all_._replace(before=before), limit=wanted.limit + 1, skip=0 if query.cursor else wanted.skip
        )
        shown = found[: wanted.limit]
        more = cursor_at(shown[-1].suppression.id, name) if len(found) > wanted.limit else None
        page = Page(wanted.limit, query.skipped, total, counted if total is None else None, more)
        return Answer({"suppressions": [suppression_answer(each.suppression) for each in shown]}, page=page)

    async def read(self, asked: Asked) -> Answer:
        stored = await self.parts.store.suppression(_id_of(asked))
        return Answer(suppression_answer(existing(stored and stored.suppression, self.parts.now_ms())))

    async def replace(self, asked: Asked) -> Answer:
        with _expiry_is_at_fault():
            changed = await self.parts.suppressions.replace(
                _id_of(asked), reason=asked.body.reason, expires_at=to_ms(asked.body.expires_at), by=asked.caller
            )
        return Answer(suppression_answer(changed.suppression), etag=changed.position)

    async def delete(self, asked: Asked) -> Answer:
        return Answer({}, etag=await self.parts.suppressions.remove(_id_of(asked), by=asked.caller))

    # --- Lists --------------------------------------------------------------------------------------------------------

    async def import_(self, asked: Asked) -> Answer:
        read = partial(suppression_lists.read, asked.body, self.parts.now_ms())
        try:
            entries = await read_aside(read) if asked.is_large else read()
        except RuleBroken as refusal:
            items = [Item(fault.path, fault.words, "list") for fault in refusal.faults]
            raise Faulty(items[: inputs.MOST_FAULTS]) from None
        claim = asked.claimed(_imported, 200)
        imported = await self.parts.suppressions.import_(entries, by=asked.caller, claim=claim)
        return Answer(_imported(imported), etag=imported.position)

    async def export(self, asked: Asked) -> Response:
        del asked
        parts = [suppression_lists.written(slice_) async for slice_ in self.parts.suppressions.in_force()]
        headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
        return Response("".join([suppression_lists.HEADER, *parts]), media_type=CSV, headers=headers)


def _imported(imported: Imported) -> ImportedAnswer:
    return {"added": imported.added, "replaced": imported.replaced, "unchanged": imported.unchanged}


def _id_of(asked: Asked) -> int:
    id_ = ids.decode("sup", asked.path["suppressionId"])
    if id_ is None:
        raise NotFound("There is no such suppression.")
    return id_


@contextmanager
def _expiry_is_at_fault() -> Iterator[None]:
    """It is the one thing about a suppression that only its rule can judge."""
    try:
        yield
    except RuleBroken:
        raise Faulty([Item("expiresAt", "is in the past; give a later time, or null for no end")]) from None

"""Which part of a list is asked for: `limit` with `skip` or `page`, and `cursor` where a list has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, Field

from couvert.api.v2.asked import Page
from couvert.api.v2.refusals import Faulty, Item
from couvert.readmodels.pages import Wanted

T = TypeVar("T")

MOST: Final = 500
FARTHEST: Final = 10_000


class PageQuery(BaseModel):
    limit: Annotated[int, Field(ge=1, le=MOST, description="How many at most.")] = 50
    skip: Annotated[int | None, Field(ge=0, le=FARTHEST, description="How many to leave out; wins over `page`.")] = None
    page: Annotated[int | None, Field(ge=1, le=FARTHEST, description="Which page, from 1.")] = None

    @property
    def skipped(self) -> int:
        if self.skip is not None:
            return self.skip
        return min((self.page or 1) - 1, FARTHEST) * self.limit


class CursorQuery(PageQuery):
    cursor: Annotated[str | None, Field(max_length=500, description="`meta.nextCursor` of the page before.")] = None


def wanted_of(query: CursorQuery) -> Wanted:
    """What is looked up, which is never far: a page beyond has nothing on it, or is refused by `check_reach`."""
    return Wanted(query.limit, min(query.skipped, FARTHEST), query.cursor)


def check_reach(query: CursorQuery, total: int | None) -> None:
    """Raises `Faulty` beyond what `skip` may be, unless the list ends before: past the end is an empty page."""
    if query.skipped > FARTHEST and query.cursor is None and total is None:
        raise Faulty([Item("page", f"leads beyond the {FARTHEST:,}th; use the cursor of the page before", "too_far")])


def part_of(items: Sequence[T], query: PageQuery) -> tuple[list[T], Page]:
    """Of a list that is at hand as a whole."""
    start = query.skipped
    return list(items[start : start + query.limit]), Page(query.limit, start, total=len(items))

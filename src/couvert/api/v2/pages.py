"""Which part of a list is asked for: `limit` with `skip` or `page`, and `cursor` where a list has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, Field

from couvert.api.v2.asked import Page

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


def part_of(items: Sequence[T], query: PageQuery) -> tuple[list[T], Page]:
    """Of a list that is at hand as a whole."""
    start = query.skipped
    return list(items[start : start + query.limit]), Page(query.limit, start, total=len(items))

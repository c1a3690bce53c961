"""Decides anew where somebody else was first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from couvert.domain.refusals import Conflict

T = TypeVar("T")

TRIES: Final = 5
"""A conflict that stays is no accident: the caller's own token was revoked, say."""


async def again(decide_and_commit: Callable[[], Awaitable[T]], *, tries: int = TRIES) -> T:
    """Each time from what is stored then. Raises the last `Conflict`."""
    for _ in range(tries - 1):
        try:
            return await decide_and_commit()
        except Conflict:
            continue
    return await decide_and_commit()

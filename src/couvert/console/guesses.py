"""Who guesses at passwords or set-up links is made to wait, together with guesses at tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from couvert.console.visit import Visit
from couvert.domain.refusals import NotFound, RateLimited, Unauthenticated
from couvert.limits.addresses import Addresses, counted_as


@asynccontextmanager
async def guarded(visit: Visit) -> AsyncIterator[None]:
    """Around whatever judges a secret; raises `RateLimited` before it, and counts what is wrong.

    To judge takes a while: what is being judged meanwhile counts as if it were wrong, or a burst would get past.
    """
    addresses, judging, who = Addresses(visit.parts.limits), visit.parts.judging, counted_as(visit.address)
    standing = await addresses.failures(visit.address)
    if standing.is_over or judging[who] >= standing.remaining:
        raise RateLimited("Too many failed attempts; wait a minute.", standing.retry_after_seconds or 1)
    judging[who] += 1
    try:
        yield
    except (Unauthenticated, NotFound):
        await addresses.failed(visit.address)
        raise
    finally:
        judging[who] -= 1
        if not judging[who]:
            del judging[who]

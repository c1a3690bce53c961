"""Who guesses at passwords or set-up links is made to wait, together with guesses at tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from couvert.console.visit import Visit
from couvert.domain.refusals import NotFound, RateLimited, Unauthenticated
from couvert.limits.addresses import Addresses


@asynccontextmanager
async def guarded(visit: Visit) -> AsyncIterator[None]:
    """Around whatever judges a secret; raises `RateLimited` before it, and counts what is wrong."""
    addresses = Addresses(visit.parts.limits)
    standing = await addresses.failures(visit.address)
    if standing.is_over:
        raise RateLimited("Too many failed attempts; wait a minute.", standing.retry_after_seconds)
    try:
        yield
    except (Unauthenticated, NotFound):
        await addresses.failed(visit.address)
        raise

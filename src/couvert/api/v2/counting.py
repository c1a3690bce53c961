"""Who called how often: each user by their own count, whoever has no valid token by the address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from couvert.commands.callers import Caller
from couvert.domain.refusals import RateLimited
from couvert.limits.addresses import Addresses
from couvert.limits.port import Allowance, Limits, Standing

Header = tuple[bytes, bytes]

EXEMPT: Final[Header] = (b"x-ratelimit-exempt", b"yes")
VARY: Final[Header] = (b"vary", b"Prefer")


@dataclass(frozen=True, slots=True)
class Counting:
    limits: Limits
    allowance: Allowance
    _addresses: Addresses = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_addresses", Addresses(self.limits))

    async def count(self, caller: Caller | None, address: str) -> Standing:
        if caller is None:
            return await self._addresses.count(address, self.allowance)
        return await self.limits.count(f"user {caller.user}", caller.allowance or self.allowance)

    def check(self, standing: Standing) -> None:
        """Raises `RateLimited`."""
        if standing.is_over:
            raise RateLimited("The limit of this period is used up.", standing.retry_after_seconds)

    async def check_failures(self, address: str) -> None:
        """Raises `RateLimited` for an address that tried too many wrong tokens."""
        standing = await self._addresses.failures(address)
        if standing.is_over:
            raise RateLimited("Too many failed attempts from this address.", standing.retry_after_seconds)

    async def failed(self, address: str) -> None:
        await self._addresses.failed(address)


def standing_headers(standing: Standing) -> list[Header]:
    return [
        (b"x-ratelimit-limit", str(standing.limit).encode()),
        (b"x-ratelimit-remaining", str(standing.remaining).encode()),
        (b"x-ratelimit-reset", str(standing.reset_seconds).encode()),
    ]

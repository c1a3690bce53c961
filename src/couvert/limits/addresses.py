"""Clients without a name are counted by their address, and those who guess at secrets are made to wait."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from couvert.limits.port import Allowance, Limits, Standing

FAILURES: Final = Allowance(20, 60)
"""Unknown tokens and wrong passwords that an address may send."""


@lru_cache(maxsize=4_096)
def counted_as(address: str) -> str:
    """An IPv6 client is counted by its /64: whoever has one address there has all 2^64 of them."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address  # a socket in the file system has no address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed) >> 64 << 64, 64)))


@dataclass(frozen=True, slots=True)
class Addresses:
    limits: Limits

    async def count(self, address: str, allowance: Allowance) -> Standing:
        """A request that nobody's token vouches for."""
        return await self.limits.count(f"address {counted_as(address)}", allowance)

    async def failures(self, address: str) -> Standing:
        """Look before a secret is judged: over means that this address is to wait, whatever it sends."""
        return await self.limits.look(f"failures {counted_as(address)}", FAILURES)

    async def failed(self, address: str) -> Standing:
        """Count a secret that was wrong; one that is missing is no failure."""
        return await self.limits.count(f"failures {counted_as(address)}", FAILURES)

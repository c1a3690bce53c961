"""Whose pace hand-overs keep: an account of a provider, and what it may send."""

from __future__ import annotations

from typing import Protocol

from couvert.domain.pace import AccountLimits


class Account(Protocol):
    fallback: AccountLimits
    """What is assumed while the provider does not say."""

    async def name(self) -> str:
        """All who send for it share one schedule, by this name; it has to be looked for only once."""

    async def limits(self) -> AccountLimits:
        """What the provider says now. Raise `Unreachable` with the reason if it does not."""


class FixedAccount:
    """Of a provider that cannot be asked: what the settings say."""

    def __init__(self, name: str, limits: AccountLimits) -> None:
        self.fallback = limits
        self._name = name

    async def name(self) -> str:
        return self._name

    async def limits(self) -> AccountLimits:
        return self.fallback

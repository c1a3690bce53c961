"""The part of the store's port that is about pace: one schedule of slots per provider account, for all who send."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from couvert.domain.pace import AccountLimits, Pace, Slots


class StoredPace(NamedTuple):
    pace: Pace
    learned_at: int
    """When the provider was asked last, in ms since 1970."""
    trouble: str | None
    """Why it could not say what the account may send; the rate is then the one of the settings."""
    held: str | None
    """Why the provider takes nothing of ours; None if it does, as far as we know."""


class PaceBook(Protocol):
    """Each call is one transaction; `now` is in microseconds since 1970, for stores without a clock of their own."""

    async def reserve_slots(self, account: str, most: int, now: int) -> Slots | None:
        """The account's next slots, for the caller alone; None if its limits were never learned."""

    async def slow_pace(self, account: str, now: int) -> None:
        """The provider throttled."""

    async def learn_pace(self, account: str, limits: AccountLimits, now: int, trouble: str | None = None) -> None: ...

    async def hold_pace(self, account: str, reason: str | None) -> None:
        """The provider takes nothing of ours, or, without a reason, takes mail again."""

    async def pace(self, account: str) -> StoredPace | None: ...

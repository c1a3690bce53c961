"""The port to whatever counts requests: in this process, or for all processes together."""

from __future__ import annotations

from typing import Protocol

from couvert.domain.allowance import Allowance, Standing

__all__ = ["Allowance", "Limits", "Standing"]


class Limits(Protocol):
    """`who` names one count (`user 17`, `failures 192.0.2.1`), and is always counted with periods of one length.

    Limits protect the service, so a count may be lost (a restart, a flood of strangers), and nobody is refused for it.
    Never raises: an engine that cannot count lets pass.
    """

    failures: int
    """How often it could not count, and let pass."""

    async def count(self, who: str, allowance: Allowance, cost: int = 1) -> Standing:
        """Count one request; if it is over the limit it is not counted, and its sender is to wait."""

    async def look(self, who: str, allowance: Allowance, cost: int = 1) -> Standing:
        """What `count` would say to `is_over`, counting nothing; `remaining` is what is left now."""

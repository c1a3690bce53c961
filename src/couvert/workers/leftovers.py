"""Clears what has served, a little at a time, so that the database does not grow for ever."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from couvert.commands.leftovers import ClearLeftovers
from couvert.workers.tasks import again_and_again

NAP_SECONDS: Final = 60.0
"""While there is nothing, two looks into an index a minute."""
PAUSE_SECONDS: Final = 0.01
"""Between two commits of many: up to some 4,000 rows a second, as many as keys can be claimed."""


async def keep_clearing(leftovers: ClearLeftovers, nap_seconds: float = NAP_SECONDS) -> None:
    """Runs until cancelled."""
    await again_and_again(partial(_clear, leftovers, nap_seconds), "leftovers")


async def _clear(leftovers: ClearLeftovers, nap_seconds: float) -> None:
    await asyncio.sleep(PAUSE_SECONDS if await leftovers.some() else nap_seconds)

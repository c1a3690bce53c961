"""Ends deliveries whose mail expired while they waited: in time, though the provider is away or the queue is long."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from couvert.commands.attempts import Attempts
from couvert.domain.refusals import Unavailable

LOOK_SECONDS: Final = 1.0
AT_ONCE: Final = 500
"""Deliveries a commit: a long queue that expires is ended bit by bit, and holds nobody up."""

log = structlog.get_logger()


async def keep_expiring(attempts: Attempts) -> None:
    """Runs until cancelled; while nothing expires, one look into an index each second."""
    while True:
        try:
            ended = await attempts.expire(AT_ONCE)
        except Unavailable as trouble:
            log.warning("expiry.waits", trouble=trouble.message)
            ended = 0
        except Exception:
            # Whatever it is, an expired mail is found out at its next attempt too.
            log.exception("expiry.failed")
            ended = 0
        await asyncio.sleep(0 if ended else LOOK_SECONDS)

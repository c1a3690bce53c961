"""Whether the service is alive, and whether it keeps up, for whoever watches it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Literal, TypedDict

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call
from couvert.api.v2.refusals import NotReady
from couvert.domain.refusals import Unavailable
from couvert.store.changes import Change

LOG_SECONDS: Final = 2.0
"""For an empty commit, which waits for those before it."""
MODELS_SECONDS: Final = 2.0
"""For the read models to pass what is in the log now; they linger 0.1 s between two batches."""
LATE_MS: Final = 3_600_000
"""How long a delivery that is due may wait for a worker: with a long queue and a slow provider, a while."""


class HealthAnswer(TypedDict):
    status: Literal["ok"]


class ReadyAnswer(TypedDict):
    status: Literal["ok"]
    lastEventId: str
    overdueSeconds: float


def health_calls(parts: Parts) -> Sequence[Call]:
    async def alive(_asked: Asked) -> Answer:
        return Answer({"status": "ok"})

    async def ready(_asked: Asked) -> Answer:
        position = await _log_position(parts)
        overdue_ms = await _overdue_ms(parts)
        faults = []
        if not await parts.reached_position(position, MODELS_SECONDS):
            faults.append(f"the read models have not reached event {position}")
        if overdue_ms > LATE_MS:
            faults.append(f"a delivery has been due for {overdue_ms // 60_000} minutes")
        if faults:
            raise NotReady("; ".join(faults))
        return Answer({"status": "ok", "lastEventId": str(position), "overdueSeconds": overdue_ms / 1000})

    return [
        Call(
            method="GET",
            path="/v2/health",
            handle=alive,
            summary="Ask whether the service is alive",
            tag="Health",
            answer=HealthAnswer,
            is_open=True,
            example_data={"status": "ok"},
        ),
        Call(
            method="GET",
            path="/v2/health/ready",
            handle=ready,
            summary="Ask whether the service keeps up",
            description="The log takes writes, the read models follow it, and nothing waits for a worker for long.",
            tag="Health",
            answer=ReadyAnswer,
            refusals=("not_ready",),
            is_open=True,
            example_data={"status": "ok", "lastEventId": "4711", "overdueSeconds": 0.0},
        ),
    ]


async def _log_position(parts: Parts) -> int:
    """After a commit that holds nothing, but goes all the way. Raises `NotReady`."""
    try:
        async with asyncio.timeout(LOG_SECONDS):
            await parts.store.commit(Change(at=parts.now_ms()))
            return await parts.store.position()
    except (TimeoutError, Unavailable):
        raise NotReady("the log cannot be written now") from None


async def _overdue_ms(parts: Parts) -> int:
    due_at = await parts.oldest_due_at()
    return 0 if due_at is None else max(0, parts.now_ms() - due_at)

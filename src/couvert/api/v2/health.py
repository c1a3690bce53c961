"""Whether the service is alive, for whoever watches it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call


class HealthAnswer(TypedDict):
    status: Literal["ok"]


def health_calls(parts: Parts) -> Sequence[Call]:
    del parts

    async def alive(_asked: Asked) -> Answer:
        return Answer({"status": "ok"})

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
        )
    ]

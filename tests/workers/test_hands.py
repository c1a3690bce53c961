"""Hands are as many as there were, whatever becomes of what they were at."""

import asyncio
from typing import NamedTuple

from couvert.workers.hands import Hands


class Errand(NamedTuple):
    number: int
    priority: int = 0
    poster: int = 0


async def test_hands_that_were_called_back_are_free_whether_they_had_begun_or_not():
    begun: list[int] = []

    async def attend_to(errand: Errand) -> None:
        begun.append(errand.number)
        await asyncio.sleep(60)

    hands: Hands[Errand] = Hands(2, attend_to)
    hands.give(Errand(1))
    await asyncio.sleep(0)
    hands.give(Errand(2))
    hands.give(Errand(3))

    await hands.abandon()

    assert not hands.are_at_work
    assert hands.reserve()
    assert hands.reserve()
    assert not hands.reserve()
    assert 3 not in begun, "what waited is dropped"

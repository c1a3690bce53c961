"""What the door of /v2 refuses by itself, before any rule of the product is asked.

Refusal
├── Faulty              something of the request is not as the specification says; lists every fault
├── NoSuchCall          the address does not exist, or not with this method
├── EventNotReached     the read models did not pass the event in time
└── NotReady            something of the service is not within its bounds; says what
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from couvert.domain.refusals import Refusal


class Item(NamedTuple):
    """One fault: the camelCase path of what is wrong (`recipients.0.email`, `limit`, `If-Event-Reached`, `body`)."""

    reason: str
    message: str
    type: str = "invalid"


class Faulty(Refusal):
    code = "faulty"

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__("; ".join(f"{item.reason}: {item.message}" for item in items))
        self.items = items


class NoSuchCall(Refusal):
    code = "no_such_call"


class EventNotReached(Refusal):
    code = "event_not_reached"


class NotReady(Refusal):
    code = "not_ready"

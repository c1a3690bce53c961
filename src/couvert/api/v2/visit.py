"""One request on its way through the door, and what all doors share."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from couvert.api.parts import Parts
from couvert.api.v2.asked import Json
from couvert.api.v2.counting import Counting
from couvert.api.v2.forms import Form
from couvert.api.v2.headers import NO_WISHES, Wishes
from couvert.api.v2.once import Once
from couvert.api.v2.waiting import Waiting
from couvert.commands.callers import Caller
from couvert.limits.port import Standing


@dataclass(slots=True)
class Visit:
    request: Request
    form: Form
    address: str
    wishes: Wishes = NO_WISHES
    caller: Caller | None = None
    standing: Standing | None = None
    raw: bytes = b""
    """The body, once it was read."""
    params: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gatehouse:
    """What the doors share."""

    parts: Parts
    counting: Counting
    waiting: Waiting
    once: Once

"""What a handler of /v2 is asked, and what it answers: neither knows how it is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from couvert.api.v2.replays import Kept
from couvert.commands.callers import Caller
from couvert.commands.claims import Claim
from couvert.store.log import Position

Json = Mapping[str, Any]
NOTHING: Json = {}


@dataclass(slots=True)
class Asked:
    """One request: its syntax is right, its event is reached, its caller is known and within limits."""

    request: Request
    path: Mapping[str, str]
    caller_or_none: Caller | None = None
    """None where nobody needs to be known."""
    query: Any = None
    body: Any = None
    claim: Claim | None = None
    """Of the Idempotency-Key; a command takes it from `claimed`."""
    is_claimed: bool = False
    is_large: bool = False
    """What takes time for each byte of the body is then for `read_aside`."""

    @property
    def caller(self) -> Caller:
        assert self.caller_or_none is not None, "this call lets strangers in"
        return self.caller_or_none

    def claimed(self, data: Callable[[Any], Json], status: int) -> Claim | None:
        """For the command, which keeps with its effect what a repeat is told: `data` of its result, without secrets."""
        if self.claim is None:
            return None
        self.is_claimed = True
        return Claim(self.claim.scope, self.claim.request, lambda result: Kept(status, data(result)).encoded())


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list this is."""

    limit: int
    skip: int = 0
    total: int | None = None
    """None if there are more than were counted."""
    at_least: int | None = None
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    data: Json
    etag: Position | None = None
    """The last event that a write caused; None for what only reads."""
    page: Page | None = None
    status: int | None = None
    """If it is another one than the call's."""
    headers: Mapping[str, str] = field(default_factory=dict)

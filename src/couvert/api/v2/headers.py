"""What the headers of a request ask for, each checked before anything else is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from starlette.datastructures import Headers

from couvert.api.access_tokens import TOKEN, access_token_of
from couvert.api.v2.refusals import Faulty, Item

T = TypeVar("T")

EVENT: Final = "If-Event-Reached"
KEY: Final = "Idempotency-Key"

_EVENT: Final = re.compile(r'(?:W/)?"([0-9]{1,19})"|([0-9]{1,19})')
_KEY: Final = re.compile(r"[!-~]{1,256}")
_LAST_EVENT: Final = (1 << 63) - 1


class Wishes(NamedTuple):
    secret: str | None
    """The token, None if there is none."""
    event: int
    """The event that must be reached, 0 if none is asked for."""
    key: str | None


NO_WISHES: Final = Wishes(None, 0, None)


def wishes(headers: Headers) -> Wishes:
    """Raises `Faulty` with every header that is wrong."""
    faults: list[Item] = []
    read = _Read(headers, faults)
    found = Wishes(read(TOKEN, access_token_of, None), read(EVENT, _event, 0), read(KEY, _key, None))
    if faults:
        raise Faulty(faults)
    return found


class _Read(NamedTuple):
    headers: Headers
    faults: list[Item]

    def __call__(self, name: str, parse: Callable[[Headers], T], default: T) -> T:
        try:
            return parse(self.headers)
        except ValueError as fault:
            self.faults.append(Item(name, str(fault)))
            return default


def _event(headers: Headers) -> int:
    values = headers.getlist("if-event-reached")
    if not values:
        return 0
    if len(values) > 1:
        raise ValueError("was sent more than once; send the id of the latest event")
    match = _EVENT.fullmatch(values[0].strip())
    event = int(match[1] or match[2]) if match else _LAST_EVENT + 1
    if event > _LAST_EVENT:
        raise ValueError("must be the id of an event: the number that a write answered in its etag")
    return event


def _key(headers: Headers) -> str | None:
    values = headers.getlist("idempotency-key")
    if not values:
        return None
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        raise ValueError("must be 1 to 256 visible ASCII characters, sent once")
    return values[0]

"""Times on the wire: RFC 3339 with a zone, both ways."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, WithJsonSchema

from couvert.domain import times
from couvert.domain.times import rfc3339

__all__ = ["Moment", "rfc3339", "rfc3339_or_none", "to_ms"]

_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_WORDS: Final = "write a time with its zone, such as 2026-01-31T12:00:00Z"


def _text_only(value: object) -> object:
    """Pydantic would take numbers for seconds, and dates for midnight somewhere."""
    if isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN.fullmatch(value)):
        return value
    raise ValueError(_WORDS)


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC, this is no time of the years 1 to 9999") from None


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_text_only),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def to_ms(time: datetime | None) -> int | None:
    return None if time is None else times.to_ms(time)


def rfc3339_or_none(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)

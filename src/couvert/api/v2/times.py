"""Times on the wire: RFC 3339 with a zone, both ways."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, WithJsonSchema

_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
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
    return None if time is None else (time - _EPOCH) // timedelta(milliseconds=1)


def rfc3339(ms: int) -> str:
    """`2026-01-31T12:00:00.000Z`. A mail that is due on the last day of the year 9999 is given up after it: that day
    is written instead, since nobody can write a later one.
    """
    return (
        (_EPOCH + timedelta(milliseconds=min(ms, _LAST_MS))).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def rfc3339_or_none(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)

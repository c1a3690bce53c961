"""Which day of the changelog has ended and is to be recorded; days are UTC, written `2026-11-22`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

Day = str
DAY_MS: Final = 86_400_000


def day_of(at: int) -> Day:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def day_after(day: Day) -> Day:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def end_of(day: Day) -> int:
    """The first millisecond that is no longer of this day."""
    return int(datetime.fromisoformat(day_after(day)).replace(tzinfo=UTC).timestamp() * 1000)


def ms_to_midnight(at: int) -> int:
    return DAY_MS - at % DAY_MS


def ended_day(*, published: Day, recorded: Day | None, today: Day) -> Day | None:
    """The day under which what was published is to be recorded now, if its end has come.

    It is the day of publication, however long nobody was there to record it; a day that has its entry already, because
    somebody recorded it by hand, leaves the rest to the day after.
    """
    day = published if recorded is None else max(published, day_after(recorded))
    return day if day < today else None

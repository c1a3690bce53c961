"""Days of the changelog: recorded once they have ended, each once, whoever was away."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.changelog import DAY_MS, day_after, day_of, end_of, ended_day, ms_to_midnight

moments = st.integers(0, 4_000_000_000_000)
days = moments.map(day_of)


@given(moments)
def test_a_day_ends_at_midnight_utc(at):
    assert at < end_of(day_of(at)) <= at + DAY_MS
    assert at + ms_to_midnight(at) == end_of(day_of(at))
    assert day_of(end_of(day_of(at))) == day_after(day_of(at))


@pytest.mark.parametrize(("published", "recorded", "today", "ended"), [
    ("2026-03-01", None, "2026-03-01", None),
    ("2026-03-01", None, "2026-03-02", "2026-03-01"),
    ("2026-03-01", None, "2026-03-09", "2026-03-01"),  # nobody was there for a week
    ("2026-03-01", "2026-02-28", "2026-03-02", "2026-03-01"),
    ("2026-03-01", "2026-03-01", "2026-03-02", None),  # recorded by hand, and published anew on the same day
    ("2026-03-01", "2026-03-01", "2026-03-03", "2026-03-02"),
])  # fmt: skip
def test_the_day_of_publication_is_recorded_once_it_has_ended(published, recorded, today, ended):
    assert ended_day(published=published, recorded=recorded, today=today) == ended


@given(days, st.none() | days, days)
def test_no_day_is_recorded_twice_or_before_it_ends(published, recorded, today):
    ended = ended_day(published=published, recorded=recorded, today=today)

    assert ended is None or (ended < today and (recorded is None or ended > recorded))

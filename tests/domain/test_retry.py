"""Retries: later each time, never in step, and bounded whatever a provider asks for."""

import itertools

from hypothesis import given, strategies as st

from couvert.domain.retry import FIRST_CEILING_MS, LAST_CEILING_MS, SHORTEST_MS, ceiling_ms, next_due

NOW = 1_800_000_000_000
deferrals = st.integers(1, 10_000)
chances = st.floats(0, 1, exclude_max=True)
wishes = st.none() | st.floats()
"""Anything a provider's header may have been read as: negative, infinite, not a number."""


def test_the_longest_wait_doubles_up_to_an_hour():
    seconds = [ceiling_ms(n) // 1000 for n in range(1, 10)]

    assert seconds == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


@given(deferrals, chances)
def test_a_wait_is_a_second_at_least_and_the_ceiling_at_most(n, chance):
    wait = next_due(now=NOW, deferrals=n, after_seconds=None, chance=chance) - NOW

    assert SHORTEST_MS <= wait <= ceiling_ms(n)


@given(deferrals)
def test_the_whole_range_is_used(n):
    shortest, middle, longest = (
        next_due(now=NOW, deferrals=n, after_seconds=None, chance=chance) - NOW for chance in (0.0, 0.5, 0.999999)
    )

    assert shortest == SHORTEST_MS
    assert middle == ceiling_ms(n) // 2
    assert longest >= ceiling_ms(n) * 0.9999


@given(deferrals, chances, st.floats(0, 3_600))
def test_nobody_is_bothered_before_the_time_they_asked_for(n, chance, after_seconds):
    due_at = next_due(now=NOW, deferrals=n, after_seconds=after_seconds, chance=chance)

    assert due_at >= NOW + int(after_seconds * 1000)


@given(deferrals, chances, wishes)
def test_no_wish_of_a_provider_holds_a_mail_for_longer_than_two_hours(n, chance, after_seconds):
    wait = next_due(now=NOW, deferrals=n, after_seconds=after_seconds, chance=chance) - NOW

    assert SHORTEST_MS <= wait <= 2 * LAST_CEILING_MS


@given(st.integers(-5, 100))
def test_a_ceiling_never_falls(n):
    ceilings = [ceiling_ms(n + more) for more in range(5)]

    assert all(earlier <= later for earlier, later in itertools.pairwise([FIRST_CEILING_MS, *ceilings]))

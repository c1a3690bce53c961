"""Allowances: so many in a period, and the count starts anew when it ends."""

from hypothesis import given, strategies as st

from couvert.domain.allowance import Allowance, Period, Standing, count, has_ended, look

START = 1_000_007
THREE = Allowance(3, 10)
allowances = st.builds(Allowance, st.integers(1, 5), st.integers(1, 4))
requests = st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 3)), max_size=40)


def test_a_period_starts_with_its_first_request():
    assert count(None, THREE, 1, START) == (Period(START, 1), Standing(3, 2, 10, is_over=False))


def test_what_is_over_the_limit_uses_nothing_up():
    used_up = Period(START, 3)

    assert count(used_up, THREE, 1, START + 4_001) == (used_up, Standing(3, 0, 6, is_over=True))


def test_a_request_that_costs_more_than_remains_leaves_room_for_a_cheaper_one():
    period, refused = count(Period(START, 2), THREE, 2, START)
    _, passed = count(period, THREE, 1, START)

    assert (refused.is_over, refused.remaining, passed.is_over) == (True, 1, False)


def test_the_last_millisecond_of_a_period_is_a_second_that_is_left():
    _, standing = count(Period(START, 3), THREE, 1, START + 9_999)

    assert (standing.reset_seconds, standing.retry_after_seconds, standing.is_over) == (1, 1, True)


def test_the_count_starts_anew_when_the_period_ends():
    assert count(Period(START, 3), THREE, 1, START + 10_000) == (
        Period(START + 10_000, 1),
        Standing(3, 2, 10, is_over=False),
    )


def test_who_may_go_on_need_not_wait():
    _, standing = count(None, THREE, 1, START)

    assert standing.retry_after_seconds == 0


def test_a_lowered_limit_holds_in_the_period_that_runs():
    _, standing = count(Period(START, 3), Allowance(2, 10), 1, START)

    assert (standing.remaining, standing.is_over) == (0, True)


@given(allowances, requests)
def test_no_period_passes_more_than_its_limit(allowance, requests):
    now, passed = START, 0
    period: Period | None = None
    for wait_ms, cost in requests:
        now += wait_ms
        before = period
        seen = look(before, allowance, cost, now)
        period, standing = count(before, allowance, cost, now)
        begins = before is None or has_ended(before, allowance, now)
        passed = (0 if begins else passed) + (0 if standing.is_over else cost)

        assert passed == period.used <= allowance.limit
        assert standing.remaining == allowance.limit - passed
        assert 1 <= standing.reset_seconds <= allowance.period_seconds
        assert seen.is_over == standing.is_over
        assert seen.remaining == standing.remaining + (0 if standing.is_over else cost)

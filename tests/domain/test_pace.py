"""The pace: whoever reserves, whenever and however much, no second ever has more slots than the rate allows."""

from itertools import pairwise

from hypothesis import given, strategies as st

from couvert.domain.pace import (
    HORIZON,
    LEAST_SHARE,
    RECOVERY,
    SECOND,
    AccountLimits,
    Pace,
    learn,
    reserve,
    share,
    slow_down,
    spacing,
)

NOW = 1_795_000_000 * SECOND
RATES = st.one_of(st.integers(1, 5_000).map(float), st.floats(0.05, 5_000))
STEPS = st.lists(
    st.tuples(st.sampled_from(["reserve", "reserve", "slow down"]), st.integers(1, 40), st.integers(0, 2 * SECOND)),
    max_size=60,
)


def slots_of(rate: float, steps: list[tuple[str, int, int]]) -> list[int]:
    """All that were reserved, in order."""
    pace, now, times = Pace(rate, None), NOW, []
    for what, most, later in steps:
        now += later
        if what == "slow down":
            pace = slow_down(pace, now)
        else:
            pace, slots = reserve(pace, most, now)
            times += [slots.first_at + n * slots.apart for n in range(slots.number)]
    return times


@given(RATES, STEPS)
def test_no_second_has_more_slots_than_the_rate(rate, steps):
    times = slots_of(rate, steps)
    most = max(1, int(rate))
    assert times == sorted(times)
    assert all(later - first >= SECOND for first, later in zip(times, times[most:], strict=False))


@given(RATES, st.integers(1, 200))
def test_no_slot_lies_in_the_past(rate, most):
    _, slots = reserve(Pace(rate, None, next_at=NOW - SECOND), most, NOW)
    assert slots.first_at >= NOW


@given(st.integers(1, 5_000), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_while_all_slots_are_wanted_at_least_95_of_100_are_given(rate, blocks):
    pace = Pace(float(rate), None)
    for most in blocks:
        pace, _ = reserve(pace, most, NOW)
    assert (pace.next_at - NOW) * rate * 0.95 <= sum(blocks) * SECOND


def test_those_who_reserve_in_turn_get_different_slots():
    pace, first = reserve(Pace(100.0, None), 5, NOW)
    _, second = reserve(pace, 5, NOW)
    assert second.first_at == first.first_at + 5 * first.apart


def test_the_daily_quota_ends_the_slots_until_the_provider_is_asked_again():
    pace = learn(None, AccountLimits(10, per_day=200, sent=197), NOW)
    pace, some = reserve(pace, 5, NOW)
    pace, none = reserve(pace, 5, NOW)
    _, again = reserve(learn(pace, AccountLimits(10, per_day=200, sent=190), NOW + SECOND), 20, NOW)
    assert (some.number, none.number, again.number) == (3, 0, 10)


def test_more_sent_than_the_quota_leaves_nothing_rather_than_less():
    _, slots = reserve(learn(None, AccountLimits(10, per_day=200, sent=250), NOW), 5, NOW)
    assert slots.number == 0


def test_slots_that_are_out_when_the_provider_is_asked_are_not_given_out_twice():
    pace = learn(None, AccountLimits(10, per_day=200, sent=0), NOW)
    pace, _ = reserve(pace, 30, NOW)
    pace = learn(pace, AccountLimits(10, per_day=200, sent=10), NOW + SECOND)
    assert 169 <= (pace.left or 0) <= 171


@given(st.integers(0, 300), st.integers(0, 300))
def test_what_the_provider_does_not_count_is_counted_here(per_day, counted):
    assert learn(None, AccountLimits(10, per_day, sent=None), NOW, counted).left == max(0, per_day - counted)


def test_throttling_costs_a_fifth_of_the_rate_and_once_a_second():
    slowed = slow_down(slow_down(Pace(100.0, None), NOW), NOW + SECOND // 2)
    assert share(slowed, NOW) == 0.8
    assert spacing(slowed, NOW) > spacing(Pace(100.0, None), NOW)


def test_the_rate_recovers_within_a_minute():
    slowed = slow_down(Pace(100.0, None), NOW)
    assert 0.89 < share(slowed, NOW + RECOVERY // 10) < 0.91
    assert share(slowed, NOW + RECOVERY // 5) == 1.0


def test_a_provider_that_always_throttles_is_still_asked_now_and_then():
    pace = Pace(100.0, None)
    for second in range(100):
        pace = slow_down(pace, NOW + second * SECOND)
    assert pace.share == LEAST_SHARE


def test_learning_keeps_the_slots_that_are_out_and_the_slowness():
    pace, _ = reserve(slow_down(Pace(100.0, None), NOW), 5, NOW)
    learned = learn(pace, AccountLimits(200), NOW)
    assert learned == pace._replace(per_second=200)


def test_a_clock_that_was_far_ahead_stops_nobody_once_it_is_right():
    _, slots = reserve(Pace(10.0, None, next_at=NOW + 2 * HORIZON, reserved_at=NOW + 2 * HORIZON), 1, NOW)
    assert slots.first_at == NOW


def test_a_slow_pace_shared_by_many_may_be_far_ahead_and_keeps_its_slots_apart():
    pace, times = Pace(0.05, None), []
    for _ in range(20):
        pace, slots = reserve(pace, 1, NOW)
        times.append(slots.first_at)
    assert all(later - first >= 20 * SECOND for first, later in pairwise(times))

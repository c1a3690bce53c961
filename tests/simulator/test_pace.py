"""The bucket and the quota, counted in recipients."""

import pytest
from hypothesis import given, strategies as st

from couvert.simulator.bucket import DAY_SECONDS, DailyQuota, TokenBucket
from couvert.simulator.mails import by_second, most_in_any_second
from tests.simulator.letters import raw_letter, refusal

ASKED = st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 5)), max_size=200)


@given(ASKED, st.integers(1, 50), st.integers(1, 50))
def test_what_passes_never_exceeds_the_rate_and_the_burst(asked, rate, burst):
    bucket, now, passed = TokenBucket(rate, burst, 0.0), 0.0, 0

    for seconds, recipients in asked:
        now += seconds
        if bucket.take(recipients, now):
            passed += recipients

    # The last call to pass may leave a debt of all its recipients but one.
    assert passed <= burst + rate * now + 4 + 1e-6


@given(ASKED, st.integers(1, 50))
def test_whoever_keeps_to_the_rate_always_passes(asked, rate):
    bucket, now = TokenBucket(rate, 1, 0.0), 0.0

    for _ in asked:
        assert bucket.take(1, now)
        now += 1 / rate + 1e-9


def test_the_quota_is_of_the_last_24_hours():
    quota = DailyQuota(2)
    quota.add(1, 0.0)
    quota.add(1, 10.0)

    assert not quota.has_room(DAY_SECONDS - 1)
    assert quota.has_room(DAY_SECONDS)
    assert quota.sent(DAY_SECONDS) == 1
    assert DailyQuota(-1).has_room(0.0)


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 5)), max_size=60))
def test_the_busiest_second_is_found_wherever_it_begins(times):
    times.sort()
    slowly = max((sum(sent for at, sent in times if end - 1 < at <= end) for end, _ in times), default=0)

    assert most_in_any_second(times) == slowly
    assert sum(by_second(times).values()) == sum(sent for _, sent in times)


def test_beyond_the_rate_calls_are_throttled_by_recipients(ses, client):
    ses.faults(rate=0.01, burst=3)
    two = {"Destination": {"ToAddresses": ["a@example.com", "b@example.com"]}}
    sesv2 = client("sesv2")

    # The second leaves a debt, as SES lets it.
    assert [refusal(sesv2, **two) for _ in range(3)] == [None, None, ("TooManyRequestsException", 429)]

    rates = ses.rates()
    assert (rates["asked"]["total"], rates["passed"]["total"], rates["passed"]["mostInAnySecond"]) == (6, 4, 4)


def test_beyond_the_quota_calls_are_refused_in_the_way_that_is_set(ses, client):
    sesv2 = client("sesv2")
    ses.faults(daily_quota=1)
    assert refusal(sesv2) is None
    assert refusal(sesv2) == ("LimitExceededException", 400)

    ses.faults(daily_quota=1, quota_error="TooManyRequestsException")
    assert refusal(sesv2) == ("TooManyRequestsException", 429)
    with pytest.raises(sesv2.exceptions.TooManyRequestsException, match="Daily message quota exceeded"):
        sesv2.send_email(**raw_letter())

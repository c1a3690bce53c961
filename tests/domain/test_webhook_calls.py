"""What becomes of a message by the answer: told, again with jitter for three days, given up, gone."""

from hypothesis import given, strategies as st

from couvert.domain.webhook_calls import (
    GIVE_UP_AFTER_MS,
    LAST_CEILING_MS,
    LONGEST_ASKED_MS,
    SHORTEST_MS,
    Again,
    GivenUp,
    Gone,
    Told,
    judge,
    wait_ms,
)

NOW = 1_800_000_000_000
LATER = NOW + GIVE_UP_AFTER_MS
other = st.one_of(st.none(), st.integers(100, 599).filter(lambda status: not 200 <= status < 300 and status != 410))
chances = st.floats(0, 1, exclude_max=True)


@given(st.integers(200, 299))
def test_any_2xx_is_told(status):
    assert judge(status, now=NOW, tries=1, give_up_at=LATER, chance=0.5) == Told()


def test_410_is_gone_whenever_it_comes():
    assert judge(410, now=LATER, tries=99, give_up_at=LATER, chance=0.5) == Gone()


@given(other, st.integers(1, 200), chances)
def test_whatever_else_is_tried_again_within_three_days(status, tries, chance):
    verdict = judge(status, now=NOW, tries=tries, give_up_at=LATER, chance=chance)
    assert isinstance(verdict, Again)
    assert NOW + SHORTEST_MS <= verdict.due_at <= LATER


@given(other)
def test_after_three_days_it_is_given_up(status):
    assert judge(status, now=LATER, tries=30, give_up_at=LATER, chance=0.0) == GivenUp()


def test_the_last_try_is_at_the_very_end():
    assert judge(500, now=LATER - 10, tries=30, give_up_at=LATER, chance=0.9) == Again(LATER)


@given(st.integers(1, 200), chances)
def test_the_wait_is_anything_below_a_ceiling_that_doubles(tries, chance):
    assert (
        SHORTEST_MS <= wait_ms(tries, None, chance) <= max(SHORTEST_MS, min(10_000 * 2 ** (tries - 1), LAST_CEILING_MS))
    )


def test_in_three_days_there_are_some_thirty_tries():
    at, tries = 0, 0
    while at < GIVE_UP_AFTER_MS:
        tries += 1
        at += wait_ms(tries, None, 0.5)
    assert 20 <= tries <= 40


@given(st.integers(-(10**15), 10**15), chances)
def test_what_the_receiver_asks_for_is_waited_for_but_no_longer_than_a_day(asked_ms, chance):
    wait = wait_ms(1, asked_ms, chance)
    assert min(max(asked_ms, 0), LONGEST_ASKED_MS) < wait <= LONGEST_ASKED_MS + 10_000

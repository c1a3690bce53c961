"""Which senders' mail waits, and for how long."""

import pytest

from couvert.workers.senders import FIRST_SECONDS, LONGEST_SECONDS, MOST, TRIAL_SECONDS, Senders, Wait

SHOP, NEWS = "shop@example.com", "news@example.com"
REASON = "400 MessageRejected: Email address is not verified."


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def senders(clock) -> Senders:
    return Senders(clock)


def test_one_that_is_not_taken_waits_and_no_other(senders):
    senders.hold(SHOP, REASON)

    assert senders.wait_of(SHOP) == Wait(FIRST_SECONDS, REASON)
    assert senders.wait_of(NEWS) is None
    assert senders.held == 1


def test_the_pause_doubles_up_to_a_longest(senders, clock):
    pauses = []
    for _ in range(8):
        senders.hold(SHOP, REASON)
        pauses.append(senders.wait_of(SHOP).seconds)
        clock.now += pauses[-1]
        assert senders.wait_of(SHOP) is None

    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]
    assert LONGEST_SECONDS == 300


def test_what_was_under_way_when_it_began_makes_no_pause_longer(senders, clock):
    senders.hold(SHOP, REASON)
    clock.now += 1
    senders.hold(SHOP, REASON)

    assert senders.wait_of(SHOP).seconds == FIRST_SECONDS - 1


def test_after_the_pause_one_goes_ahead_and_the_others_wait_for_what_becomes_of_it(senders, clock):
    senders.hold(SHOP, REASON)
    clock.now += FIRST_SECONDS

    assert senders.wait_of(SHOP) is None
    assert senders.wait_of(SHOP) == Wait(TRIAL_SECONDS, REASON)

    senders.was_taken(SHOP)
    assert senders.wait_of(SHOP) is None


def test_where_nothing_became_of_it_another_goes_ahead(senders, clock):
    senders.hold(SHOP, REASON)
    clock.now += FIRST_SECONDS
    assert senders.wait_of(SHOP) is None

    clock.now += TRIAL_SECONDS
    assert senders.wait_of(SHOP) is None


def test_one_that_is_taken_again_is_as_if_nothing_had_been(senders, clock):
    senders.hold(SHOP, REASON)
    clock.now += FIRST_SECONDS
    senders.was_taken(SHOP)
    assert senders.held == 0

    senders.hold(SHOP, REASON)
    assert senders.wait_of(SHOP).seconds == FIRST_SECONDS


def test_one_that_sends_no_more_is_not_counted_for_ever(senders, clock):
    senders.hold(SHOP, REASON)
    clock.now += FIRST_SECONDS + LONGEST_SECONDS

    assert senders.held == 0


def test_a_flood_of_senders_takes_no_more_memory_than_some(senders):
    for n in range(MOST + 5):
        senders.hold(f"{n}@example.com", REASON)

    assert senders.held == 5

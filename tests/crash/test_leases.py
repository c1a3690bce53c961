"""A lease is believed in no longer than the queue grants it: a hand-over under a lease that is over sends nothing."""

import pytest

from couvert.workers import leases as leases_module
from couvert.workers.leases import Leases

SECONDS = 30.0


@pytest.fixture
def time(monkeypatch):
    """`time.now` is what the clock shows."""

    class Time:
        now = 1000.0

    monkeypatch.setattr(leases_module, "clock", lambda: Time.now)
    return Time


class Queue:
    """The store's side of a renewal, which takes so many seconds."""

    def __init__(self, time, takes_seconds=0.0):
        self._time = time
        self._takes_seconds = takes_seconds

    async def renew(self, **_: object) -> None:
        self._time.now += self._takes_seconds


def leases_in(queue) -> Leases:
    return Leases(queue, owner=7, seconds=SECONDS, now_ms=lambda: 0)


async def test_a_renewal_prolongs_a_lease_from_when_it_was_asked_for(time):
    leases = leases_in(Queue(time, takes_seconds=3))
    lease = leases.hold(1, since=time.now)
    clearance = leases.clearance(lease, asked_at=time.now)

    time.now += 10
    await leases._renew([lease])

    time.now += 26.9
    assert clearance.may_complete()
    time.now += 0.2
    assert not clearance.may_complete()


async def test_a_renewal_that_is_answered_after_the_lease_ran_out_does_not_bring_it_back(time):
    leases = leases_in(Queue(time, takes_seconds=25))
    lease = leases.hold(1, since=time.now)
    clearance = leases.clearance(lease, asked_at=time.now)

    time.now += 10
    await leases._renew([lease])

    assert not clearance.may_complete()


def test_what_the_queue_gives_out_once_more_was_lost_before(time):
    leases = leases_in(Queue(time))
    clearance = leases.clearance(leases.hold(1, since=time.now), asked_at=time.now)

    leases.hold(1, since=time.now)

    assert not clearance.may_begin()
    assert not clearance.may_complete()


def test_letting_go_of_a_lost_lease_keeps_the_one_that_came_after_it(time):
    leases = leases_in(Queue(time))
    lost = leases.hold(1, since=time.now)
    later = leases.hold(1, since=time.now)

    leases.drop(lost)

    assert len(leases) == 1
    assert later.runs()


def test_the_first_byte_leaves_within_five_seconds_or_not_at_all(time):
    leases = leases_in(Queue(time))
    clearance = leases.clearance(leases.hold(1, since=time.now), asked_at=time.now)

    time.now += 5

    assert not clearance.may_begin()
    assert clearance.may_complete()

"""An attempt that nobody is left to tell of: unknown, and held or sent again as the policy says."""

import pytest

from couvert.delivery.transport import Taken
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Begun, Failed, OutcomeUnknown, Requeued
from tests.commands.desk import LEASE_MS, OTHER
from tests.store.changes import NOW


@pytest.fixture
async def begun(attempts, desk):
    """A mail to Charlie, of which the first attempt was begun just now."""
    return await attempts.begin(await desk.leased())


async def test_under_hold_a_lost_attempt_is_unknown_and_waits_for_somebody_to_decide(
    attempts, desk, begun, clock, store
):
    clock.now += LEASE_MS

    settled = await attempts.lose(await desk.taken(OTHER))

    row = await desk.row(begun.delivery.id)
    assert settled.state is row.delivery.state is State.UNKNOWN
    assert (row.wake_at, row.owner) == (None, 0)
    assert await store.next_wake() is None


async def test_under_resend_a_lost_attempt_is_sent_again_once_and_then_held(resending, desk, begun, clock):
    clock.now += LEASE_MS
    first = await resending.lose(await desk.taken(OTHER))
    await resending.begin(await desk.taken(OTHER))
    clock.now += LEASE_MS
    second = await resending.lose(await desk.taken(OTHER))

    assert (first.state, second.state) == (State.QUEUED, State.UNKNOWN)
    requeued = Requeued(NOW + LEASE_MS, "policy")
    assert await desk.events(begun) == [Begun(1), OutcomeUnknown(1), requeued, Begun(2), OutcomeUnknown(2)]


async def test_whoever_finds_an_attempt_lost_may_come_too_late(attempts, desk, begun, clock):
    clock.now += LEASE_MS
    stale = await desk.taken(OTHER)
    await attempts.record(begun, Taken("ses-1"))

    assert await attempts.lose(stale) is None
    assert (await desk.row(begun.delivery.id)).delivery.state is State.SENT


async def test_a_mail_that_cannot_be_built_has_failed_without_an_attempt(attempts, desk):
    stored = await desk.leased()

    settled = await attempts.refuse(stored, "the message cannot be built")

    assert (settled.state, settled.words) == (State.FAILED, "the message cannot be built")
    assert await desk.events(stored) == [Failed(0, "unsendable")]


async def test_what_the_store_does_not_take_now_is_found_lost_again_later(attempts, desk, begun, clock, store):
    clock.now += LEASE_MS
    store.ends = ["refused"]

    assert await attempts.lose(await desk.taken(OTHER)) is None
    clock.now += LEASE_MS
    assert (await attempts.lose(await desk.taken(OTHER))).state is State.UNKNOWN

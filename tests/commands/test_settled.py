"""What became of a delivery, as the store tells whoever asks later."""

import pytest

from couvert.commands.settled import Settled, settled
from couvert.delivery.transport import Refused, Taken, TryLater, Unknown
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Bounced, Delivered
from tests.store.changes import NOW, SECOND


@pytest.fixture
async def begun(attempts, desk, clock):
    """Accepted now, begun a second later; another second has passed."""
    stored = await desk.leased()
    clock.now += SECOND
    begun = await attempts.begin(stored)
    clock.now += SECOND
    return begun


LATER = NOW + 2 * SECOND


@pytest.mark.parametrize(("outcome", "told"), [
    (Taken("ses-1"), (State.SENT, LATER, "ses-1", None)),
    (TryLater("451 busy"), (State.QUEUED, LATER, None, "451 busy")),
    (Refused("550 no"), (State.FAILED, LATER, None, "550 no")),
    (Unknown("connection lost"), (State.UNKNOWN, LATER, None, "connection lost")),
], ids=["taken", "later", "refused", "unknown"])  # fmt: skip
async def test_it_is_what_was_told_at_the_time(attempts, store, begun, outcome, told):
    at_the_time = await attempts.record(begun, outcome)

    assert await settled(store, begun.delivery.id) == at_the_time == Settled(begun.delivery.id, *told)


async def test_of_what_does_not_exist_nothing_is_told(store):
    assert await settled(store, 1) is None


async def test_what_waits_has_no_outcome_yet(store, desk):
    row = await desk.leased()

    assert await settled(store, row.delivery.id) == Settled(row.delivery.id, State.QUEUED, NOW)


async def test_a_sent_mail_stays_sent_when_it_was_whatever_is_heard_of_it_later(attempts, notices, store, begun, clock):
    await attempts.record(begun, Taken("ses-1"))
    clock.now += SECOND
    await notices.record(begun.delivery.id, Delivered(1))
    await notices.record(begun.delivery.id, Bounced(1, "hard"), "550 no such user")

    asked = await settled(store, begun.delivery.id)

    assert asked == Settled(begun.delivery.id, State.BOUNCED, LATER, "ses-1", "550 no such user")


async def test_a_mail_sent_at_the_second_attempt_was_sent_then_and_without_a_word(attempts, store, desk, begun, clock):
    await attempts.record(begun, TryLater("451 busy"))
    clock.now = (await desk.row(begun.delivery.id)).wake_at
    again = await attempts.begin(await desk.taken())
    await attempts.record(again, Taken("ses-2"))

    asked = await settled(store, begun.delivery.id)

    assert asked == Settled(begun.delivery.id, State.SENT, clock.now, "ses-2", None)


async def test_an_unknown_that_a_notice_decided_is_told_as_the_notice_has_it(attempts, notices, store, begun, clock):
    await attempts.record(begun, Unknown("connection lost"))
    clock.now += SECOND
    await notices.record(begun.delivery.id, Delivered(1))

    asked = await settled(store, begun.delivery.id)

    assert asked == Settled(begun.delivery.id, State.DELIVERED, clock.now, None, "connection lost")

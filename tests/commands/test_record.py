"""Recording what became of an attempt: whatever happens meanwhile, it is kept, and kept once."""

import asyncio
from typing import NamedTuple

import pytest

from couvert.delivery.transport import Outcome, Refused, Taken, TryLater, Unknown, Withheld
from couvert.domain.delivery import State
from couvert.domain.delivery_events import (
    Begun,
    Bounced,
    Complained,
    Deferred,
    Delivered,
    DeliveryEvent,
    Failed,
    OutcomeUnknown,
    Released,
    Sent,
)
from tests.commands.desk import LEASE_MS, OTHER
from tests.store.changes import HOUR, NOW, SECOND


class End(NamedTuple):
    """How an attempt ended, and what that leaves."""

    outcome: Outcome
    event: DeliveryEvent
    state: State
    wake_at: int | None = None


ENDS = [
    End(Taken("ses-1"), Sent(1, "ses-1"), State.SENT),
    End(TryLater("451 busy", 60), Deferred(1, NOW + 75 * SECOND), State.QUEUED, NOW + 75 * SECOND),
    End(Refused("550 no such user"), Failed(1, "refused"), State.FAILED),
    End(Unknown("connection lost"), OutcomeUnknown(1), State.UNKNOWN),
    End(Withheld("too late"), Released(1, NOW), State.QUEUED, NOW),
]
HOWEVER_IT_ENDS = pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end.outcome).__name__)


@pytest.fixture
async def begun(attempts, desk):
    """A mail to Charlie, of which the first attempt was begun just now."""
    return await attempts.begin(await desk.leased())


@HOWEVER_IT_ENDS
async def test_an_outcome_is_an_event_and_a_state(attempts, desk, begun, end):
    settled = await attempts.record(begun, end.outcome)

    row = await desk.row(begun.delivery.id)
    assert await desk.events(row) == [Begun(1), end.event]
    assert (row.delivery.state, row.delivery.is_begun, row.wake_at, row.owner) == (end.state, False, end.wake_at, 0)
    assert (settled.delivery_id, settled.state, settled.at) == (begun.delivery.id, end.state, NOW)


async def test_the_providers_words_are_kept_and_told(attempts, desk, begun, store):
    settled = await attempts.record(begun, Refused("550 niemand heißt \ud83d so"))

    *_, noted = await store.timeline(begun.delivery.mail_id, 1)
    assert noted.note == "550 niemand heißt ? so"
    assert settled.words.startswith("550")


async def test_the_providers_id_is_told(attempts, begun):
    assert (await attempts.record(begun, Taken("ses-1"))).provider_id == "ses-1"


async def test_a_mail_that_nobody_takes_within_a_day_has_failed(attempts, desk, begun, clock):
    clock.now = NOW + 24 * HOUR - SECOND

    settled = await attempts.record(begun, TryLater("451 still busy"))

    assert settled.state is State.FAILED
    assert settled.words == "451 still busy"


@HOWEVER_IT_ENDS
async def test_an_outcome_is_believed_after_the_attempt_was_given_up_as_unknown(attempts, desk, begun, clock, end):
    clock.now += LEASE_MS
    await attempts.lose(await desk.taken(OTHER))
    clock.now = NOW

    settled = await attempts.record(begun, end.outcome)

    heard = [] if end.state is State.UNKNOWN else [end.event]
    assert await desk.events(begun) == [Begun(1), OutcomeUnknown(1), *heard]
    assert settled.state is end.state is (await desk.row(begun.delivery.id)).delivery.state


@HOWEVER_IT_ENDS
async def test_an_outcome_that_a_notice_overtook_changes_nothing_but_the_timeline(attempts, notices, desk, begun, end):
    await notices.record(begun.delivery.id, Delivered(1))

    settled = await attempts.record(begun, end.outcome)

    row = await desk.row(begun.delivery.id)
    assert await desk.events(row) == [Begun(1), Delivered(1), end.event]
    assert (row.delivery.state, row.delivery.is_begun, row.wake_at) == (State.DELIVERED, False, None)
    assert settled.state is State.DELIVERED


@HOWEVER_IT_ENDS
async def test_a_late_outcome_leaves_a_newer_attempt_alone(resending, desk, begun, clock, end):
    clock.now += LEASE_MS
    await resending.lose(await desk.taken(OTHER))
    newer = await resending.begin(await desk.taken(OTHER))

    settled = await resending.record(begun, end.outcome)

    delivery = (await desk.row(begun.delivery.id)).delivery
    assert (delivery.attempt, delivery.is_begun) == (newer.delivery.attempt, True) == (2, True)
    assert settled.state is delivery.state is (State.SENT if isinstance(end.outcome, Taken) else State.QUEUED)


async def test_notices_and_outcome_may_come_at_the_same_moment(attempts, notices, desk, begun):
    delivery_id = begun.delivery.id

    await asyncio.gather(
        attempts.record(begun, Taken("ses-1")),
        notices.record(delivery_id, Complained(1)),
        notices.record(delivery_id, Delivered(1)),
        notices.record(delivery_id, Bounced(1, "soft")),
    )

    assert (await desk.row(delivery_id)).delivery.state is State.COMPLAINED
    assert set(await desk.events(begun)) == {
        Begun(1), Sent(1, "ses-1"), Complained(1), Delivered(1), Bounced(1, "soft"),
    }  # fmt: skip


# --- When the store fails ---------------------------------------------------------------------------------------------


@HOWEVER_IT_ENDS
@pytest.mark.parametrize("troubles", [
    ["refused"], ["lost"], ["kept unseen"], ["refused", "lost", "kept unseen"], ["lost", "refused", "kept unseen"],
], ids=" then ".join)  # fmt: skip
async def test_an_outcome_is_recorded_once_whatever_becomes_of_its_commits(attempts, desk, begun, end, troubles):
    attempts.store.ends = list(troubles)

    settled = await attempts.record(begun, end.outcome)

    assert await desk.events(begun) == [Begun(1), end.event]
    assert settled.state is end.state is (await desk.row(begun.delivery.id)).delivery.state


async def test_an_outcome_waits_for_a_store_that_cannot_be_read(attempts, desk, store, begun):
    store.ends, store.reads_fail = ["kept unseen"], 2

    settled = await attempts.record(begun, Taken("ses-1"))

    assert settled.provider_id == "ses-1"
    assert await desk.events(begun) == [Begun(1), Sent(1, "ses-1")]

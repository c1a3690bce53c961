"""What the result queue is to be told, by what happened: each outcome once, and of bulk of /v1 alone."""

import asyncio
import sqlite3
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.domain.results import TAKEN
from couvert.readmodels import results
from couvert.readmodels.results import ResultSource
from couvert.store.sqlite.store import FILE
from tests.readmodels.world import World, pasts

HOUR_MS = 3_600_000
JOHN = Recipient("john@example.com", email_recipient_id="recipient-123")


def message(*recipients, **changes):
    """As it comes by the queue; with several recipients, as /v1 accepts it."""
    return AcceptMail(
        sender=Sender("support@example.com"),
        recipients=recipients or (JOHN,),
        subject="Hello",
        html="<p>Hello</p>",
        references=References("msg-123", queued_at="2025-01-27T10:30:00Z"),
        is_bulk=True,
        **changes,
    )


def told(world, after=0):
    with closing(ResultSource(world.directory)) as source:
        return source.look(after).outcomes


def states(world):
    return [outcome.state for outcome in told(world)]


# --- When there is one ------------------------------------------------------------------------------------------------


async def test_a_result_tells_when_the_provider_took_it_and_all_that_its_sender_called_it(world):
    await world.post(message())
    accepted_at = world.now
    world.now += 5_000
    await world.work("taken")

    [outcome] = told(world)

    assert (outcome.state, outcome.at, outcome.provider_id) == (State.SENT, accepted_at + 5_000, "0102018f-1")
    assert (outcome.accepted_at, outcome.references.queued_at) == (accepted_at, "2025-01-27T10:30:00Z")
    assert (outcome.references.email_id, outcome.email_recipient_id) == ("msg-123", "recipient-123")
    assert outcome.recipient == "john@example.com"


async def test_what_was_refused_has_the_providers_words(world):
    await world.post(message())
    await world.work("refused")

    [outcome] = told(world)

    assert (outcome.state, outcome.words) == (State.FAILED, "550 no such user")


async def test_what_is_tried_later_has_none_until_it_ends(world):
    await world.post(message())
    await world.work("later")
    assert told(world) == []

    world.now += HOUR_MS
    await world.work("taken")

    assert [(outcome.state, outcome.words) for outcome in told(world)] == [(State.SENT, None)]


@pytest.mark.parametrize("notice", ["confirmed", "delivered", "hard bounce", "delayed"])
async def test_one_in_doubt_has_another_once_a_notice_resolves_it(world, notice):
    await world.post(message())
    await world.work("unknown")
    await world.tell(world.deliveries[0], notice)

    first, second = told(world)

    assert (first.state, first.words, first.provider_id) == (State.UNKNOWN, "the connection broke", None)
    assert second.state in TAKEN
    assert second.at == world.now


async def test_and_so_it_has_when_it_is_sent_again(world):
    mail = await world.post(message())
    await world.work("unknown")
    await world.retry(mail, "resend")
    await world.work("refused")

    assert states(world) == [State.UNKNOWN, State.FAILED]


async def test_what_the_provider_notices_afterwards_is_no_result(world):
    await world.post(message())
    await world.work("taken")
    await world.tell(world.deliveries[0], "delivered")
    await world.tell(world.deliveries[0], "complaint")

    assert states(world) == [State.SENT]


async def test_what_was_cancelled_or_expired_has_one(world):
    cancelled = await world.post(message())
    await world.cancel(cancelled)
    await world.post(message(expires_at=world.now + 1_000))
    world.now += 2_000
    await world.work("taken")

    assert states(world) == [State.CANCELLED, State.EXPIRED]


async def test_what_goes_to_a_suppressed_address_has_one_that_says_why(world):
    await world.suppress("john@example.com")
    await world.post(message())
    await world.work("taken")

    [outcome] = told(world)

    assert outcome.state is State.SUPPRESSED
    assert "suppress" in (outcome.words or "")


# --- Whose ------------------------------------------------------------------------------------------------------------


async def test_a_mail_whose_sender_waited_for_it_has_none(world):
    await world.accept()
    await world.create_key()
    await world.accept(has_key=True)
    await world.work("taken", "refused")

    assert told(world) == []


async def test_each_recipient_of_a_bulk_mail_of_v1_has_one(world):
    await world.create_key()
    await world.post(message(JOHN, Recipient("bob@example.com")), has_key=True)
    await world.work("taken", "refused")

    assert {(outcome.recipient, outcome.state) for outcome in told(world)} == {
        ("john@example.com", State.SENT),
        ("bob@example.com", State.FAILED),
    }


async def test_recipients_of_a_mail_without_a_key_of_v1_have_none(world):
    await world.accept(3)
    await world.work("taken", "taken", "taken")

    assert told(world) == []


async def test_of_who_was_erased_a_result_says_what_became_of_it_and_not_whose_it_was(world):
    await world.post(message())
    await world.work("taken")
    with closing(sqlite3.connect(world.directory / FILE)) as database, database:
        database.execute("delete from recipient")
        database.execute("delete from content")

    [outcome] = told(world)

    assert (outcome.state, outcome.recipient, outcome.email_recipient_id) == (State.SENT, None, None)
    assert outcome.references == References()


# --- Once more --------------------------------------------------------------------------------------------------------


async def test_a_message_that_came_again_is_told_how_it_stands(world):
    await world.post(message())
    with closing(ResultSource(world.directory)) as source:
        waiting = source.outcome(world.deliveries[0])
        await world.work("taken")
        await world.tell(world.deliveries[0], "complaint")
        sent = source.outcome(world.deliveries[0])

    assert waiting is None
    assert sent is not None
    assert (sent.state, sent.provider_id) == (State.SENT, "0102018f-1")


async def test_nothing_is_told_of_what_is_to_be_sent_again(world):
    mail = await world.post(message())
    await world.work("unknown")
    await world.retry(mail, "resend")

    with closing(ResultSource(world.directory)) as source:
        assert source.outcome(world.deliveries[0]) is None
        assert source.outcome(4711) is None


# --- Whatever happened ------------------------------------------------------------------------------------------------


@contextmanager
def results_for_all():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "has_results", lambda _: True)
        yield patch


@given(past=pasts, window=st.integers(1, 7), policy=st.sampled_from(["hold", "resend"]))
def test_the_same_is_told_in_whatever_portions_the_log_is_read(past, window, policy):
    async def live(directory):
        async with World(directory, policy=policy) as world:
            for step in past:
                await step(world)
            with results_for_all() as patch, closing(ResultSource(directory)) as source:
                at_once = source.look(0).outcomes
                patch.setattr(results, "WINDOW", window)
                looks = [source.look(0)]
                while not looks[-1].is_all:
                    looks.append(source.look(looks[-1].end))

            assert [outcome for look in looks for outcome in look.outcomes] == list(at_once)
            assert all(one.end < other.end for one, other in pairwise(looks))

    with TemporaryDirectory() as directory:
        asyncio.run(live(Path(directory)))


@given(past=pasts, policy=st.sampled_from(["hold", "resend"]))
def test_how_it_stands_is_what_the_deliverys_row_says(past, policy):
    async def live(directory):
        async with World(directory, policy=policy) as world:
            for step in past:
                await step(world)
            with results_for_all(), closing(ResultSource(directory)) as source:
                for delivery_id in world.deliveries:
                    stored, outcome = await world.store.delivery(delivery_id), source.outcome(delivery_id)
                    assert stored is not None
                    state = stored.delivery.state
                    assert (outcome is None) is (state is State.QUEUED)
                    assert outcome is None or {outcome.state, state} <= TAKEN or outcome.state is state

    with TemporaryDirectory() as directory:
        asyncio.run(live(Path(directory)))

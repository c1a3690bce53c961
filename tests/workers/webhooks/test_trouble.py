"""Receivers that fail: retried with pauses, left alone when they ask, switched off when they are gone."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from couvert.domain.webhook_calls import GIVE_UP_AFTER_MS
from couvert.readmodels.webhooks.box import Box
from couvert.readmodels.webhooks.messages import MessageState
from tests.delivery.webhooks.receiver import hangs, receiving, says
from tests.workers.webhooks.telling import quiet

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Errors: the event, and what is said of it."""
    lines: list[tuple[str, dict[str, Any]]] = []
    log = SimpleNamespace(error=lambda event, **facts: lines.append((event, facts)))
    monkeypatch.setattr("couvert.workers.webhooks.pump.log", log)
    return lines


async def test_a_message_is_sent_again_under_its_id_until_it_is_taken(telling):
    async with receiving(says(500), says(404)) as receiver:
        webhook = await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            for attempts in (1, 2, 3):
                await telling.until(lambda expected=attempts: len(telling.attempts(webhook)) == expected)
                telling.world.now += MINUTE
    first, second, third = receiver.requests
    assert first.id == second.id == third.id
    assert first.body == second.body == third.body
    assert [listed.attempt.status for listed in telling.attempts(webhook)] == [200, 404, 500]
    assert telling.attempts(webhook)[0].state is MessageState.TOLD
    assert telling.waiting() == 0


async def test_it_is_not_sent_again_before_its_time(telling):
    async with receiving(says(500)) as receiver:
        webhook = await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(telling.attempts(webhook)) == 1)
            telling.world.now += 4_999  # half of the first ceiling, ten seconds
            await quiet()
            assert len(receiver.requests) == 1
            telling.world.now += 1
            await telling.until(lambda: len(receiver.requests) == 2)


async def test_after_three_days_it_has_failed(telling):
    async with receiving() as receiver:
        receiver.otherwise = says(500)
        webhook = await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(telling.attempts(webhook)) == 1)
            telling.world.now += GIVE_UP_AFTER_MS
            await telling.until(lambda: len(telling.attempts(webhook)) == 2)
            telling.world.now += GIVE_UP_AFTER_MS
            await quiet()
    assert telling.attempts(webhook)[0].state is MessageState.FAILED
    assert len(receiver.requests) == 2


async def test_who_asks_to_be_left_alone_is(telling):
    async with receiving(says(429, Retry_After="3600")) as receiver:
        webhook = await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(telling.attempts(webhook)) == 1)
            await telling.world.accept()
            telling.world.now += 59 * MINUTE
            await quiet()
            assert len(receiver.requests) == 1, "neither the same message nor another"
            telling.world.now += 2 * MINUTE
            await telling.until(lambda: len(receiver.requests) == 3)


async def test_who_is_gone_is_switched_off_and_what_waits_has_failed(telling):
    async with receiving(says(410)) as receiver:
        webhook = await telling.webhook(receiver, "mail.accepted")
        for _ in range(5):
            await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: telling.waiting() == 0 and bool(receiver.requests))
            stored = await telling.world.store.webhook(webhook.webhook_id)
            await telling.world.accept()
            await quiet()
    assert (stored.webhook.terms.is_active, stored.webhook.off_reason) == (False, "gone")
    assert len(receiver.requests) <= 2, "two may have been under way"
    with Box(telling.world.directory) as box:
        assert box.replay_failed(webhook.id, 0, telling.world.now) >= 4


async def test_who_moves_while_the_old_address_says_gone_stays_on(telling):
    moved = asyncio.Event()

    async def gone_late(reader, writer):
        await moved.wait()
        await says(410)(reader, writer)

    async with receiving(gone_late) as old, receiving() as new:
        webhook = await telling.webhook(old, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: bool(old.requests))
            await telling.webhooks.replace(webhook.webhook_id, webhook.terms._replace(url=new.url))
            moved.set()
            await telling.until(lambda: len(telling.attempts(webhook)) == 1)
            await telling.world.accept()
            await telling.until(lambda: len(new.requests) == 1)
    stored = await telling.world.store.webhook(webhook.webhook_id)
    assert (stored.webhook.terms.is_active, stored.webhook.off_reason) == (True, None)


async def test_of_a_deleted_webhook_nothing_stays(telling):
    async with receiving() as receiver:
        receiver.otherwise = says(500)
        webhook = await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(telling.attempts(webhook)) == 1)
            await telling.webhooks.delete(webhook.webhook_id)
            await telling.until(lambda: not telling.attempts(webhook))
    assert telling.waiting() == 0


async def test_a_replayed_message_comes_again_under_its_id(telling):
    async with receiving() as receiver:
        webhook = await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(telling.attempts(webhook)) == 1)
            with Box(telling.world.directory) as box:
                assert box.replay(webhook.id, telling.attempts(webhook)[0].position, telling.world.now)
            await telling.until(lambda: len(telling.attempts(webhook)) == 2)
    assert receiver.requests[0].id == receiver.requests[1].id


async def test_no_more_than_two_at_once_to_one_endpoint(telling):
    async def slow(reader, writer):
        await asyncio.sleep(0.1)
        await says()(reader, writer)

    async with receiving() as receiver:
        receiver.otherwise = slow
        await telling.webhook(receiver, "mail.accepted")
        for _ in range(6):
            await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(receiver.requests) == 6)
    assert receiver.most_at_once == 2


async def test_receivers_that_hang_keep_nobody_else_waiting(telling):
    """Six of them with two places each would take more than there are."""
    telling.timeout_seconds = 60
    async with receiving() as bad, receiving() as good:
        bad.otherwise = hangs
        for _ in range(3):
            await telling.webhook(bad, "mail.accepted")
        await telling.webhook(good, "mail.accepted")
        for _ in range(30):
            await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(good.requests) == 30)
    assert bad.most_at_once == 2


async def test_what_was_under_way_when_it_stopped_is_sent_again(telling):
    """At least once: nobody saw the answer."""
    telling.timeout_seconds = 60
    async with receiving(hangs) as receiver:
        await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(receiver.requests) == 1)
        async with telling.pumping():
            await telling.until(lambda: len(receiver.requests) == 2)
    assert receiver.requests[0].id == receiver.requests[1].id


async def test_a_database_that_was_restored_from_a_copy_begins_anew(telling):
    async with receiving() as receiver:
        webhook = await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: len(telling.attempts(webhook)) == 1)
        await telling.world.store._writer.submit(
            lambda connection: connection.execute("update event set at = at + 1").rowcount
        )
        async with telling.pumping():
            await telling.until(lambda: not telling.attempts(webhook))
            await telling.world.accept()
            await telling.until(lambda: len(receiver.requests) == 2)


# --- Too far behind ---------------------------------------------------------------------------------------------------


async def test_of_a_receiver_that_is_too_slow_the_oldest_messages_are_dropped_and_counted(telling, logged):
    telling.most_waiting = 20
    async with receiving() as receiver:
        receiver.otherwise = says(503)
        webhook = await telling.webhook(receiver, "mail.accepted")
        for _ in range(30):
            await telling.world.accept()
        newest = await telling.world.store.position()
        async with telling.pumping():
            await telling.until(lambda: telling.backlog().dropped == 12)
            assert telling.backlog().waiting == 18
            with Box(telling.world.directory) as box:
                waiting = {message.position for message in box.due(webhook.id, telling.world.now + 4 * DAY, 99)}
            receiver.otherwise = says(204)
            telling.world.now += HOUR
            await telling.until(lambda: telling.waiting() == 0)
    assert newest in waiting
    assert len(waiting) == 18
    assert logged == [("webhook.messages_dropped", {"webhook_id": webhook.webhook_id, "messages": 12})]


async def test_what_was_dropped_can_be_replayed(telling):
    telling.most_waiting = 20
    async with receiving() as receiver:
        receiver.otherwise = says(503)
        webhook = await telling.webhook(receiver, "mail.accepted")
        for _ in range(30):
            await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: telling.backlog().dropped == 12)
            telling.most_waiting = 100
            receiver.otherwise = says(204)
        async with telling.pumping():
            with Box(telling.world.directory) as box:
                assert box.replay_failed(webhook.id, 0, telling.world.now) == 12
            telling.world.now += HOUR
            await telling.until(lambda: telling.waiting() == 0)
    assert telling.backlog().dropped == 0
    assert len({request.id for request in receiver.requests}) == 30


async def test_a_message_whose_last_try_never_gets_its_turn_is_dropped_after_the_three_days(telling):
    async with receiving() as receiver:
        receiver.otherwise = says(503, retry_after="86400")
        await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: bool(receiver.requests))
        with Box(telling.world.directory) as box:
            assert box.drop(most=100, overdue_at=telling.world.now + 3 * DAY) == {}
            [(dropped)] = box.drop(most=100, overdue_at=telling.world.now + 3 * DAY + 1).values()
    assert dropped == 1
    assert telling.waiting() == 0


async def test_what_happened_more_than_three_days_before_anybody_looked_is_left_out_and_said_to_be(telling, logged):
    async with receiving() as receiver:
        await telling.webhook(receiver, "mail.accepted")
        await telling.world.accept()
        telling.world.now += 3 * DAY
        await telling.world.accept()
        async with telling.pumping():
            await telling.until(lambda: bool(receiver.requests))
            await quiet()
    assert len(receiver.requests) == 1
    assert logged == [("webhooks.events_left_out", {"events": 1, "reason": "they are older than three days"})]

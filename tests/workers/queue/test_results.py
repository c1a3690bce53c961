"""The result queue is told of what happened: after the commit, at least once, ten a call, and nobody waits for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from couvert import wiring
from couvert.commands.queue_intake import QueueMessage
from couvert.delivery.sqs import NotTaken, QueueTrouble
from couvert.domain.delivery import State
from couvert.workers import results as module
from tests.workers.queue.conftest import counted, mail, until
from tests.workers.queue.post import body


@pytest.fixture
def results(post):
    return post("results")


@pytest.fixture
async def parts(settings) -> AsyncIterator[wiring.Parts]:
    """Wired, with nobody at work."""
    parts = wiring.open_parts(settings(queue_url=None, result_queue_url="sqs://results"), is_server=True)
    yield parts
    await parts.store.close()


@pytest.fixture
async def publisher(parts) -> AsyncIterator[module.Results]:
    publisher = wiring.results_of(parts)
    assert publisher is not None
    await publisher.begin()
    yield publisher
    await publisher.rest()


@asynccontextmanager
async def delivering(parts):
    parts.courier.start()
    yield
    await parts.courier.stop()


async def take(parts, *texts):
    """Messages, each with a MessageId of its own."""
    return await parts.take_messages.take([QueueMessage(f"m-{n}-{text[:9]}", text) for n, text in enumerate(texts)])


async def send(parts, *texts):
    """And wait until each has an outcome."""
    await take(parts, *texts)
    async with delivering(parts):
        await until(lambda: no_more(parts))


async def no_more(parts):
    return State.QUEUED not in await counted(parts)


async def publish(publisher):
    while await publisher.step():
        pass


def told(results, seconds=5.0) -> list[dict[str, Any]]:
    return [json.loads(message["Body"]) for message in results.received(seconds)]


def whom(results, seconds=5.0):
    return sorted(each["recipient"] or "" for each in told(results, seconds))


def to(*recipients):
    return [body(recipient_email=recipient, email_recipient_id=recipient) for recipient in recipients]


class Meddled:
    """The real queue, but for the calls that go as the test says."""

    def __init__(self, queue, *ends) -> None:
        self._queue = queue
        self._ends = list(ends)
        self.calls: list[int] = []

    async def send(self, batch):
        self.calls.append(len(batch))
        end = self._ends.pop(0) if self._ends else None
        if isinstance(end, QueueTrouble):
            raise end
        if end is None:
            return await self._queue.send(batch)
        refusals = [end(n) for n in range(len(batch))]
        taken = [message for message, refusal in zip(batch, refusals, strict=True) if refusal is None]
        if taken:
            assert await self._queue.send(taken) == [None] * len(taken)
        return refusals

    async def close(self) -> None:
        await self._queue.close()


# --- What is told -----------------------------------------------------------------------------------------------------


async def test_each_message_of_the_queue_has_its_result(parts, publisher, results):
    await send(parts, *to("alice@example.org", "refused@sandbox.test"), "{")

    await publish(publisher)

    assert {(each["recipient"], each["success"], each["status"]) for each in told(results)} == {
        ("alice@example.org", True, "sent"),
        ("refused@sandbox.test", False, "failed"),
        (None, False, "failed"),
    }


async def test_a_result_says_what_the_message_said(parts, publisher, results):
    await send(parts, body())

    await publish(publisher)

    [result] = told(results)
    assert result["email_id"] == "msg-123"
    assert result["email_recipient_id"] == "recipient-123"
    assert result["result"]["queued_at"] == "2025-01-27T10:30:00Z"
    assert result["result"]["message_id"].startswith("sandbox-")


async def test_a_message_that_comes_again_has_its_result_again(parts, publisher, results):
    await send(parts, body())
    await publish(publisher)
    first = told(results)

    await take(parts, body())
    await publish(publisher)

    assert told(results) == first


async def test_one_that_is_on_its_way_has_it_once_it_ended(parts, publisher, results):
    await take(parts, body(), body())
    await publish(publisher)
    assert told(results, seconds=0) == []

    await send(parts)
    await publish(publisher)

    assert len(told(results)) == 1


async def test_bulk_of_v1_is_told_and_what_its_sender_waited_for_is_not(parts, publisher, results):
    created = await parts.keys.create(name="app", origins=["app.example.com"], expires_at=None)
    key = await parts.keys.find(created.secret)
    async with delivering(parts):
        await parts.send.send(mail(1), key=key)
        await parts.send.queue(mail(3), key=key)
        await until(lambda: no_more(parts))

    await publish(publisher)

    assert whom(results) == ["r1@example.org", "r2@example.org", "r3@example.org"]


# --- At least once ----------------------------------------------------------------------------------------------------


async def test_what_was_told_is_not_told_again_by_another_process(parts, publisher, results):
    await send(parts, *to("alice@example.org"))
    await publish(publisher)
    assert len(told(results)) == 1

    other = wiring.results_of(parts)
    assert other is not None
    await publish(other)
    await other.rest()

    assert told(results, seconds=0) == []


async def test_a_crash_between_telling_and_remembering_tells_again_and_loses_nothing(
    parts, publisher, results, monkeypatch
):
    await send(parts, *to("alice@example.org", "bob@example.org"))

    async def dies(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(publisher, "_remember", dies)
    with pytest.raises(KeyboardInterrupt):
        await publisher.step()
    after = wiring.results_of(parts)
    assert after is not None
    await publish(after)
    await after.rest()

    assert whom(results) == ["alice@example.org", "alice@example.org", "bob@example.org", "bob@example.org"]


async def test_what_happened_before_anybody_wanted_results_is_not_told(parts, results):
    await send(parts, *to("alice@example.org"))
    publisher = wiring.results_of(parts)
    assert publisher is not None
    await publish(publisher)
    await send(parts, *to("bob@example.org"))
    await publish(publisher)
    await publisher.rest()

    assert whom(results) == ["bob@example.org"]


async def test_what_happened_while_nobody_was_there_is_told_afterwards(parts, publisher, results):
    await publish(publisher)
    await send(parts, *to("alice@example.org"))

    later = wiring.results_of(parts)
    assert later is not None
    await publish(later)
    await later.rest()

    assert whom(results) == ["alice@example.org"]


# --- A queue that is not as it should be ------------------------------------------------------------------------------


def later(n):
    return NotTaken("InternalError", is_final=False) if n % 2 else None


def never(n):
    return NotTaken("InvalidMessageContents", is_final=True) if n == 0 else None


async def test_ten_leave_with_each_call(parts, publisher, results):
    publisher._queue = queue = Meddled(publisher._queue)
    people = [f"{n}@example.org" for n in range(25)]
    await send(parts, *to(*people))

    await publish(publisher)

    assert queue.calls == [10, 10, 5]
    assert whom(results) == sorted(people)


async def test_what_the_queue_does_not_take_is_told_with_the_next_call_and_the_others_are_not(
    parts, publisher, results
):
    publisher._queue = Meddled(publisher._queue, later)
    people = [f"{n}@example.org" for n in range(5)]
    await send(parts, *to(*people))

    with pytest.raises(QueueTrouble, match="InternalError"):
        await publisher.step()
    await publish(publisher)

    assert whom(results) == sorted(people)


async def test_a_result_that_the_queue_never_takes_holds_up_no_other(parts, publisher, results):
    publisher._queue = Meddled(publisher._queue, never)
    people = [f"{n}@example.org" for n in range(5)]
    await send(parts, *to(*people))

    await publish(publisher)

    assert len(whom(results)) == 4


async def test_after_a_call_that_came_to_nothing_they_go_one_by_one_until_it_is_over(parts, publisher, results):
    publisher._queue = queue = Meddled(publisher._queue, QueueTrouble("413"), QueueTrouble("413"))
    people = [f"{n}@example.org" for n in range(25)]
    await send(parts, *to(*people))

    with pytest.raises(QueueTrouble):
        await publisher.step()
    await publish(publisher)

    assert queue.calls == [10, 10, 5, *[1] * 8, 10, 2]
    assert set(whom(results)) == set(people)


# --- Beside `serve` ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def served(settings):
    parts = wiring.open_parts(settings(result_queue_url="sqs://results"), is_server=True)
    async with wiring.running(parts, delivers=True), AsyncExitStack() as stack:
        await stack.enter_async_context(wiring.results_at_work(parts))
        await stack.enter_async_context(wiring.bulk_at_work(parts))
        yield parts


async def test_a_queue_that_is_away_slows_nothing_and_loses_nothing(settings, bulk, post, monkeypatch):
    """It does not exist yet."""
    monkeypatch.setattr("couvert.workers.tasks.LONGEST_PAUSE_SECONDS", 0.2)
    people = [f"{n}@example.org" for n in range(30)]
    async with served(settings) as parts:
        bulk.put(*to(*people))
        await until(lambda: are_sent(parts, 30))
        results = post("results")

        seen: list[str] = []
        while len(seen) < 30:
            seen += await asyncio.to_thread(whom, results)

    assert sorted(seen) == sorted(people)


async def are_sent(parts, number):
    return (await counted(parts)).get(State.SENT) == number


async def test_results_come_soon_by_themselves(settings, bulk, results):
    async with served(settings):
        bulk.put(*to("alice@example.org"))

        assert await asyncio.to_thread(whom, results, 20) == ["alice@example.org"]

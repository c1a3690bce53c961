"""What is put into the queue is sent, once, and gone from there; what is wrong with it stops nothing else."""

import asyncio
import sys
from typing import Any

import pytest

from couvert import wiring
from couvert.commands.queue_intake import NotNow, QueueMessage
from couvert.delivery.sqs import queue as sqs
from couvert.settings import WrongSetting
from couvert.wiring import now_ms
from couvert.workers import tasks
from couvert.workers.queue.consumer import QueueConsumer
from couvert.workers.queue.dead_letters import DeadLetters
from tests.workers.queue.conftest import counted, running, sent, until
from tests.workers.queue.post import body


async def empty(queue):
    async def is_empty():
        return await asyncio.to_thread(queue.left) == 0

    await until(is_empty)


async def test_a_message_is_sent_and_gone_from_the_queue(settings, bulk):
    bulk.put(body())

    async with running(settings()) as parts:
        await sent(parts, 1)
        await empty(bulk)

        (delivery_id,) = await parts.store.latest_deliveries(1)
        (kept,) = await parts.store.sandbox_mails(delivery_id)
        assert b"Hello John Doe" in kept.content
        assert b"To: John Doe <john@example.com>" in kept.content


async def test_many_messages_are_taken_by_many_receivers_and_each_is_sent_once(settings, bulk):
    bulk.put(*[body(recipient_email=f"r{n}@example.org") for n in range(300)])

    async with running(settings()) as parts:
        await sent(parts, 300)
        await empty(bulk)


async def test_the_same_message_put_twice_is_sent_once(settings, bulk):
    bulk.put(body(), body(), body(recipient_email="bob@example.org"))

    async with running(settings()) as parts:
        await empty(bulk)
        await sent(parts, 2)


async def test_what_was_accepted_and_not_deleted_comes_again_and_is_not_sent_again(settings, bulk, post, monkeypatch):
    monkeypatch.setattr(sqs, "HIDDEN_SECONDS", 1)
    bulk.put(body())

    async with running(settings(), consumes=False) as parts:
        queue = sqs.Queue("sqs://bulk", parts.settings.aws_endpoint_url)
        (received,) = await queue.receive()
        await queue.close()
        message = QueueMessage(received.id, received.body, received.attributes)
        await parts.take_messages.take([message])  # and then its process was killed

    async with running(settings(result_queue_url="sqs://results")) as parts:
        await empty(bulk)
        await sent(parts, 1)
        assert [due.delivery_id for due in await parts.store.results_due(10)] == await parts.store.latest_deliveries(1)


async def test_a_malformed_message_goes_to_the_dead_letter_queue_with_what_is_wrong(settings, bulk, post):
    dead = post("dead")
    bulk.put("{", body(), body(recipient_email="nobody"))

    async with running(settings(dead_letter_queue_url="sqs://dead")) as parts:
        await sent(parts, 1)
        await empty(bulk)

        async def copied():
            return await parts.store.count_kept_messages() == 0 and await asyncio.to_thread(dead.left) == 2

        await until(copied)

    faults = {each["Body"]: each["MessageAttributes"]["couvert-fault"]["StringValue"] for each in dead.received()}
    assert "not JSON" in faults["{"]
    assert "recipient_email: value is not a valid email address" in faults[body(recipient_email="nobody")]


async def test_without_a_dead_letter_queue_a_malformed_message_stays_in_the_vault(settings, bulk):
    bulk.put("{")

    async with running(settings()) as parts:
        await empty(bulk)

        (kept,) = await parts.store.kept_messages(10)
        assert kept.body == "{"


async def test_what_the_dead_letter_queue_refuses_stays_in_the_vault_and_keeps_nobody(settings, bulk, post):
    dead = post("dead", MaximumMessageSize="1024")
    large = body(subject="", html_template="x" * 2_000, recipient_email="nobody")
    bulk.put(large, "{")

    async with running(settings(dead_letter_queue_url="sqs://dead")) as parts:
        await empty(bulk)

        async def is_copied():
            return await asyncio.to_thread(dead.left) == 1 and await parts.store.count_kept_messages() == 1

        await until(is_copied)
        (kept,) = await parts.store.kept_messages(10)
        assert kept.body == large


class FullDisk:
    """The intake of a process that cannot commit at first."""

    def __init__(self, intake):
        self._intake = intake
        self.refused = asyncio.Event()

    async def take(self, messages):
        if self.refused.is_set():
            return await self._intake.take(messages)
        self.refused.set()
        return [NotNow("the disk is full")] * len(messages)


async def test_while_nothing_can_be_committed_messages_stay_in_the_queue(settings, bulk, monkeypatch):
    monkeypatch.setattr(sqs, "HIDDEN_SECONDS", 1)
    bulk.put(body())

    async with running(settings(), consumes=False) as parts:
        intake: Any = FullDisk(parts.take_messages)
        queue = sqs.Queue("sqs://bulk", parts.settings.aws_endpoint_url)
        dead_letters = DeadLetters(parts.store, None, now_ms)
        async with QueueConsumer(queue, intake, parts.courier, dead_letters).at_work():
            await intake.refused.wait()
            assert await counted(parts) == {}
            assert bulk.left() == 1

            await sent(parts, 1)


async def test_a_queue_that_is_not_there_yet_is_waited_for(settings, post, monkeypatch):
    monkeypatch.setattr(tasks, "LONGEST_PAUSE_SECONDS", 0.1)

    async with running(settings()) as parts:
        await asyncio.sleep(0.2)
        post("bulk").put(body())
        await sent(parts, 1)


@pytest.mark.parametrize("name", ["queue_url", "dead_letter_queue_url", "result_queue_url", "notice_queue_url"])
def test_a_wrong_address_is_told_before_anything_runs(settings, name):
    with pytest.raises(WrongSetting, match=f"COUVERT_{name.upper()}: write it as sqs://name"):
        wiring.open_parts(settings(**{name: "bulk"}), is_server=True)


def test_a_queue_without_the_libraries_says_what_to_install(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "couvert.delivery.sqs", None)

    with pytest.raises(WrongSetting, match=r"COUVERT_QUEUE_URL: install couvert with its extra `aws`"):
        wiring.open_parts(settings(), is_server=True)

"""Our own bulk goes through the queue, and the delivery's row decides who hands it over, whatever happens there."""

import asyncio
import json

import pytest

from couvert.commands.accept import Lease
from couvert.commands.queue_intake import OURS
from couvert.delivery.sqs import NotTaken, QueueTrouble
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.mail import Recipient
from couvert.store.rows import QUEUE
from couvert.wiring import now_ms
from couvert.workers.queue import publisher
from tests.workers.queue.conftest import counted, mail, running, sent, until

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def soon(monkeypatch):
    """What waits in the queue's name waits for half a second."""
    monkeypatch.setattr(publisher, "LEASE_MS", 500)


def of(parts):
    """Its publisher."""
    assert parts.publisher is not None
    return parts.publisher


async def owners(parts):
    return {(await parts.store.delivery(id_)).owner for id_ in await parts.store.latest_deliveries(100)}


# --- What is published ------------------------------------------------------------------------------------------------


async def test_a_bulk_mails_recipients_are_published_in_the_format_of_v1(settings, bulk):
    async with running(settings(), consumes=False) as parts:
        accepted = await parts.send.queue(mail(2), key=None)
        await of(parts).published()

        messages = {each["MessageAttributes"][OURS]["StringValue"]: each["Body"] for each in bulk.received()}
        first, second = (ids.encode("dlv", stored.delivery.id) for stored in accepted.deliveries)
        assert messages.keys() == {first, second}
        assert list(json.loads(messages[second]).items())[:-1] == [
            ("email_id", "msg-123"),
            ("email_recipient_id", "recipient-2"),
            ("client_env_id", "env-123"),
            ("sender_email", "support@example.com"),
            ("sender_name", "Support Team"),
            ("sender_organisation_name", "Acme Corp"),
            ("subject", "Test Email"),
            ("html_template", "<h1>Hello {{name}}</h1>"),
            ("recipient_name", "Name 2"),
            ("recipient_email", "r2@example.org"),
            ("recipient_company", None),
        ]
        assert await owners(parts) == {QUEUE}


async def test_while_it_is_in_the_queue_our_own_worker_lets_it_be(settings, bulk):
    async with running(settings(), consumes=False) as parts:
        await parts.send.queue(mail(3), key=None)
        await of(parts).published()
        await asyncio.sleep(0.5)

        assert await counted(parts) == {State.QUEUED: 3}


@pytest.mark.parametrize(
    "changes", [{"html": "x" * 300_000}, {"due_at": 1}, {"expires_at": 1 << 62}], ids=["large", "scheduled", "expiring"]
)
async def test_what_is_large_scheduled_or_expires_stays_in_the_database(settings, bulk, changes):
    async with running(settings(), consumes=False) as parts:
        assert of(parts).lease(mail(2, **changes)) is None
        assert of(parts).lease(mail(2)) is not None


async def test_a_recipient_whose_message_the_queue_refuses_is_handed_over_from_the_database(settings, post):
    post("bulk", MaximumMessageSize="1024")
    large = Recipient("large@example.org", "x" * 900)

    async with running(settings(), consumes=False) as parts:
        await of(parts).learn()
        await parts.send.queue(mail(3)._replace(recipients=(*mail(2).recipients, large)), key=None)

        async def is_sent():
            return await counted(parts) == {State.QUEUED: 2, State.SENT: 1}

        await until(is_sent)


# --- Who hands over ---------------------------------------------------------------------------------------------------


async def test_our_own_messages_are_received_and_handed_over_here_once_each(settings, bulk):
    async with running(settings()) as parts:
        await parts.send.queue(mail(150), key=None)

        await sent(parts, 150)


async def test_two_consumers_on_the_same_data_send_each_once(settings, bulk):
    async with running(settings()) as one, running(settings()):
        for _ in range(5):
            await one.send.queue(mail(40), key=None)

        await sent(one, 200)


async def test_a_message_received_twice_is_handed_over_once(settings, bulk, post):
    async with running(settings(), consumes=False) as parts:
        await parts.send.queue(mail(3), key=None)
        await of(parts).published()
        messages = bulk.received()
    for _ in range(3):
        for each in messages:
            bulk.put(each["Body"], attributes={OURS: each["MessageAttributes"][OURS]["StringValue"]})

    async with running(settings()) as parts:
        await sent(parts, 3)


async def test_a_message_about_a_delivery_of_somebody_elses_is_deleted_and_nothing_sent(settings, bulk):
    bulk.put("anything", attributes={OURS: ids.encode("dlv", 4711)})

    async with running(settings()) as parts:

        async def is_empty():
            return await asyncio.to_thread(bulk.left) == 0

        await until(is_empty)
        assert await counted(parts) == {}


async def test_what_was_cancelled_meanwhile_is_not_sent(settings, bulk):
    async with running(settings(), consumes=False) as parts:
        accepted = await parts.send.queue(mail(3), key=None)
        await of(parts).published()
        await parts.interventions.cancel(accepted.mail_id)

    async with running(settings()) as parts:

        async def is_empty():
            return await asyncio.to_thread(bulk.left) == 0

        await until(is_empty)
        assert await counted(parts) == {State.CANCELLED: 3}


async def test_without_room_here_what_was_received_is_due_for_anybody(settings, bulk):
    async with running(settings(max_in_flight=1)) as parts:
        await parts.send.queue(mail(60), key=None)

        await sent(parts, 60)


# --- When something fails ---------------------------------------------------------------------------------------------


async def test_what_the_queue_lost_is_sent_from_the_database_when_its_time_is_over(settings, bulk, soon):
    async with running(settings(), consumes=False) as parts:
        await parts.send.queue(mail(3), key=None)
        await of(parts).published()
        bulk.lose_all()

        await sent(parts, 3)


async def test_what_was_accepted_and_never_published_is_sent_from_the_database(settings, bulk):
    """As after a kill between the two."""
    async with running(settings(), consumes=False) as parts:
        await parts.mails.accept(mail(3), key=None, lease=Lease(QUEUE, now_ms() + 500))

        await sent(parts, 3)


async def test_a_message_that_comes_after_its_time_is_not_sent_again(settings, bulk, soon):
    async with running(settings(), consumes=False) as parts:
        await parts.send.queue(mail(3), key=None)
        await sent(parts, 3)

    async with running(settings()) as parts:

        async def is_empty():
            return await asyncio.to_thread(bulk.left) == 0

        await until(is_empty)
        await sent(parts, 3)


async def test_while_the_queue_is_out_of_reach_mail_is_sent_from_the_database(settings):
    async with running(settings(aws_endpoint_url=NOBODY)) as parts:
        await parts.send.queue(mail(30), key=None)
        await sent(parts, 30)

        assert of(parts).lease(mail(2)) is None
        await parts.send.queue(mail(2), key=None)
        await sent(parts, 32)


async def test_what_is_not_published_when_told_to_stop_is_due_for_the_next_worker(settings, bulk, monkeypatch):
    async def never(*_):
        await asyncio.sleep(3600)

    async with running(settings(), consumes=False) as parts:
        monkeypatch.setattr(publisher.QueuePublisher, "_put", never)
        await parts.send.queue(mail(100), key=None)
        await asyncio.sleep(0)
    monkeypatch.undo()

    async with running(settings(queue_url=None)) as parts:
        await sent(parts, 100)


async def test_without_a_queue_bulk_is_sent_from_the_database(settings):
    async with running(settings(queue_url=None)) as parts:
        assert parts.publisher is None
        await parts.send.queue(mail(3), key=None)

        await sent(parts, 3)


class Moody:
    """A queue that does to each call what a test says."""

    def __init__(self, *ends):
        self._ends = list(ends)

    async def send(self, messages):
        end = self._ends.pop(0) if self._ends else "taken"
        if end == "gone":
            raise QueueTrouble("the network is down")
        return [
            None if n % 2 or end == "taken" else NotTaken("InternalError", is_final=False) for n in range(len(messages))
        ]


async def test_what_a_batch_leaves_out_is_sent_from_the_database_and_the_rest_is_in_the_queue(
    settings, bulk, monkeypatch
):
    async with running(settings(), consumes=False) as parts:
        monkeypatch.setattr(of(parts)._queue, "send", Moody("half").send)
        await parts.send.queue(mail(10), key=None)

        async def are_sent():
            return await counted(parts) == {State.QUEUED: 5, State.SENT: 5}

        await until(are_sent)
        assert of(parts).outcomes == {("taken",): 5, ("left",): 5}


async def test_senders_that_meet_the_same_trouble_let_the_queue_be_for_one_pause(settings, bulk, monkeypatch):
    async with running(settings(), consumes=False) as parts:
        monkeypatch.setattr(of(parts)._queue, "send", Moody(*["gone"] * 8).send)

        await parts.send.queue(mail(200), key=None)
        await sent(parts, 200)

        assert of(parts)._pause_seconds == 2 * publisher.FIRST_PAUSE_SECONDS


async def test_a_queue_that_is_back_is_published_to_again(settings, bulk, monkeypatch):
    monkeypatch.setattr(publisher, "FIRST_PAUSE_SECONDS", 0.05)
    async with running(settings(), consumes=False) as parts:
        with monkeypatch.context() as away:
            away.setattr(of(parts)._queue, "send", Moody("gone").send)
            await parts.send.queue(mail(2), key=None)
            await sent(parts, 2)

        async def is_back():
            return of(parts).lease(mail(2)) is not None

        await until(is_back)
        await parts.send.queue(mail(3), key=None)
        await of(parts).published()

        assert len(bulk.received()) == 3

"""The workers that fetch notices and read them: from a real queue's double, and from a folder."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from couvert.commands.consequences import Consequences
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.notice_reading import ReadNotices
from couvert.commands.notices import Notices
from couvert.delivery.sns import Signatures
from couvert.delivery.sqs import Queue, QueueTrouble
from couvert.domain.ids import IdSource
from couvert.domain.refusals import Unavailable
from couvert.store.notices import Result, Source
from couvert.workers.bounce_mailbox import AT_ONCE, BounceMailbox
from couvert.workers.notice_queue import NoticeQueue
from couvert.workers.notice_reader import NoticeReader
from tests.commands.ses_notices import TOPIC, in_envelope, ses_notice
from tests.commands.unreliable import UnreliableStore
from tests.store.changes import Clock

EVERY = frozenset(Result)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.fixture
def store(tmp_path):
    from couvert.store.sqlite.store import SqliteStore

    return UnreliableStore(SqliteStore(tmp_path / "data", Clock()))


@pytest.fixture
async def taking(store):
    yield TakeNotices(store, Clock(), Signatures(()), ())
    await store.close()


# --- The queue --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def sqs(aws, monkeypatch) -> Iterator[Any]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    client = boto3.Session().client("sqs", endpoint_url=aws)
    client.url = client.create_queue(QueueName="notices")["QueueUrl"]
    yield client
    client.delete_queue(QueueUrl=client.url)
    client.close()


@pytest.fixture
async def queue(aws, sqs):
    queue = Queue("sqs://notices", aws)
    yield queue
    await queue.close()


def left(sqs):
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=sqs.url, AttributeNames=wanted)["Attributes"]
    return sum(map(int, found.values()))


async def test_what_is_in_the_queue_is_kept_and_then_gone_from_there(queue, sqs, taking, store):
    for n in range(12):
        sqs.send_message(QueueUrl=sqs.url, MessageBody=ses_notice("Delivery", f"{n}@example.org").decode())
    worker = NoticeQueue(queue, taking)

    await worker.turn()
    await worker.turn()

    kept = await store.notices(EVERY, 100)
    assert len({notice.body for notice in kept}) == 12
    assert {notice.source for notice in kept} == {Source.SQS}
    assert left(sqs) == 0


async def test_by_the_queues_full_url_too(aws, sqs, taking, store):
    sqs.send_message(QueueUrl=sqs.url, MessageBody="hello")
    queue = Queue(f"{aws}/{sqs.url.split('/', 3)[3]}")

    await NoticeQueue(queue, taking).turn()

    assert [notice.body for notice in await store.notices(EVERY, 9)] == [b"hello"]
    await queue.close()


async def test_what_comes_by_sns_into_the_queue_is_the_same_as_without(aws, sqs, queue, taking, store, monkeypatch):
    sns = boto3.Session().client("sns", endpoint_url=aws)
    topic = sns.create_topic(Name="ses")["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=sqs.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    notice = ses_notice("Complaint", "bob@example.org")
    sns.publish(TopicArn=topic, Message=notice.decode())
    sqs.send_message(QueueUrl=sqs.url, MessageBody=notice.decode())

    await NoticeQueue(queue, taking).turn()

    assert len(await store.notices(EVERY, 9)) == 1
    sns.close()


async def test_nothing_is_deleted_that_was_not_kept(queue, sqs, taking, store):
    sqs.send_message(QueueUrl=sqs.url, MessageBody="hello")
    store.ends = ["refused"]

    with pytest.raises(Unavailable):
        await NoticeQueue(queue, taking).turn()

    assert left(sqs) == 1


async def test_a_queue_that_is_not_there_is_told(aws, sqs):
    queue = Queue("sqs://nowhere", aws)

    with pytest.raises(QueueTrouble, match="GetQueueUrl: 400"):
        await queue.receive(wait_seconds=0)
    await queue.close()


async def test_so_is_one_out_of_reach(sqs):
    queue = Queue("sqs://notices", "http://127.0.0.1:1")

    with pytest.raises(QueueTrouble, match="GetQueueUrl"):
        await queue.receive()
    await queue.close()


@pytest.mark.parametrize(
    "address", ["notices", "sqs://", "sqs://a/b", "https://sqs.eu-west-1.amazonaws.com/", "ftp://x/y"]
)
def test_what_is_no_queue_is_refused(address):
    with pytest.raises(ValueError, match="sqs://name"):
        Queue(address)


# --- The folder -------------------------------------------------------------------------------------------------------


async def test_bounces_in_the_folder_are_kept_and_put_away(tmp_path, taking, store):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.host").write_bytes(b"From: a\n\none")
    (tmp_path / "new" / "2.host").write_bytes(b"From: a\n\ntwo")

    taken = await BounceMailbox(tmp_path, taking).take()

    assert taken == 2
    assert [notice.body[-3:] for notice in await store.notices(EVERY, 9)] == [b"two", b"one"]
    assert sorted(path.name for path in (tmp_path / "cur").iterdir()) == ["1.host:2,S", "2.host:2,S"]
    assert list((tmp_path / "new").iterdir()) == []


async def test_one_that_cannot_be_moved_keeps_none_of_the_others(tmp_path, taking, store):
    (tmp_path / "new").mkdir()
    stuck = tmp_path / "new" / ("0" * 254)  # with the mark of a mail that was read, the name is too long
    stuck.write_bytes(b"stuck")
    for n in range(AT_ONCE + 5):
        (tmp_path / "new" / f"1.{n}").write_bytes(b"mail %d" % n)
    mailbox = BounceMailbox(tmp_path, taking)

    taken = [await mailbox.take(), await mailbox.take()]

    assert taken == [AT_ONCE - 1, 6]
    assert list((tmp_path / "new").iterdir()) == [stuck]
    with pytest.raises(OSError, match="too long"):
        await mailbox.take()
    assert len(await store.notices(EVERY, 99)) == AT_ONCE + 6


async def test_what_could_not_be_kept_stays_where_it_is(tmp_path, taking, store):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.host").write_bytes(b"one")
    store.ends = ["kept unseen"]
    mailbox = BounceMailbox(tmp_path, taking)
    with pytest.raises(Unavailable):
        await mailbox.take()

    await mailbox.take()

    assert len(await store.notices(EVERY, 9)) == 1
    assert list((tmp_path / "new").iterdir()) == []


async def test_what_cannot_be_read_keeps_none_of_the_others(tmp_path, taking, store):
    (tmp_path / "new" / "0.folder").mkdir(parents=True)
    (tmp_path / "new" / "1.gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "new" / "2.pipe")
    (tmp_path / "new" / "3.host").write_bytes(b"three")

    taken = await BounceMailbox(tmp_path, taking).take()

    assert taken == 1
    assert [notice.body for notice in await store.notices(EVERY, 9)] == [b"three"]
    assert [path.name for path in (tmp_path / "cur").iterdir()] == ["3.host:2,S"]


# --- The reader -------------------------------------------------------------------------------------------------------


@pytest.fixture
def reader(taking, store):
    clock = Clock()
    notices = Notices(store, clock, Consequences(store, IdSource(1, clock), 3))
    reader = NoticeReader(ReadNotices(notices, clock), nap_seconds=60)
    object.__setattr__(taking, "wake", reader.wake)
    return reader


async def test_what_is_kept_is_read_at_once(reader, taking, store):
    async with reader.at_work():
        await asyncio.sleep(0.05)
        await taking.keep(Source.SNS, [in_envelope(ses_notice("Open", "bob@example.org"), TopicArn=TOPIC)])

        await until_read(store)

    assert [notice.result for notice in await store.notices(EVERY, 9)] == [Result.UNKNOWN]


@pytest.mark.slow
async def test_a_store_in_trouble_is_waited_for(reader, taking, store):
    await taking.keep(Source.SNS, [b"1"])
    store.ends = ["refused"]

    async with reader.at_work():
        await until_read(store)


async def until_read(store):
    for _ in range(1_000):
        if not await store.notices({Result.UNREAD}, 9):
            return
        await asyncio.sleep(0.01)
    pytest.fail("it is never read")

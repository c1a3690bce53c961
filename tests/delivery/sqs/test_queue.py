"""A queue of SQS, on two doubles that were written by different people: moto, and our own simulator."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from moto.server import ThreadedMotoServer

from couvert.delivery import aws_keys
from couvert.delivery.sqs import NotTaken, Outgoing, Queue, QueueRefused, QueueTrouble
from couvert.delivery.sqs.calls import Calls
from couvert.delivery.sqs.queue import LARGEST_EVERYWHERE
from couvert.simulator.testing import simulated_ses

KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="module", params=["simulator", "moto"])
def aws(request) -> Iterator[str]:
    if request.param == "simulator":
        with simulated_ses(secrets={KEY_ID: SECRET}) as running:
            yield running.url
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture
def made(aws):
    """`made(MaximumMessageSize="1024")` makes the queue."""
    # The default session would have the credentials of whichever test came first.
    client = boto3.session.Session().client("sqs", endpoint_url=aws)

    def made(**attributes: str) -> str:
        return str(client.create_queue(QueueName="mails", Attributes=attributes)["QueueUrl"])

    yield made
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName="mails")["QueueUrl"])
    client.close()


@pytest.fixture
async def queue(aws, made):
    made()
    queue = Queue("sqs://mails", aws)
    yield queue
    await queue.close()


async def test_what_is_sent_is_received_whole_with_the_attributes_that_were_asked_for(queue):
    messages = [Outgoing("hällo", {"couvert-delivery-id": "dlv_1", "other": "x"}), Outgoing("bye")]

    assert await queue.send(messages) == [None, None]

    received = await queue.receive(wait_seconds=5, attributes=("couvert-delivery-id",))
    received += await queue.receive(wait_seconds=0, attributes=("couvert-delivery-id",))
    assert {each.body: each.attributes for each in received} == {
        "hällo": {"couvert-delivery-id": "dlv_1"},
        "bye": {},
    }
    assert len({each.id for each in received}) == 2


async def test_what_was_deleted_is_gone(queue):
    await queue.send([Outgoing("a"), Outgoing("b")])
    received = await queue.receive(wait_seconds=5)
    received += await queue.receive(wait_seconds=0)

    await queue.delete([each.receipt for each in received])

    assert len(received) == 2
    assert await queue.receive(wait_seconds=0) == []


async def test_one_that_cannot_be_deleted_is_told_of_and_the_others_are_deleted(queue):
    await queue.send([Outgoing("a")])
    (received,) = await queue.receive(wait_seconds=5)

    with pytest.raises(QueueTrouble, match="1 of 2 messages were not deleted"):
        await queue.delete([received.receipt, "no receipt"])

    assert await queue.receive(wait_seconds=0) == []


async def test_a_queue_says_how_large_its_messages_may_be(aws, made):
    made(MaximumMessageSize="2048")
    queue = Queue("sqs://mails", aws)

    assert await queue.largest() == 2_048
    await queue.close()


async def test_a_message_that_is_too_large_by_itself_is_refused_for_good(aws, made):
    made(MaximumMessageSize="1024")
    queue = Queue("sqs://mails", aws)

    (end,) = await queue.send([Outgoing("x" * 2_000_000)])

    assert end is not None
    assert end.is_final
    await queue.close()


async def test_a_queue_that_is_not_there_is_trouble_with_its_code(aws):
    queue = Queue("sqs://nowhere", aws)

    with pytest.raises(QueueRefused) as raised:
        await queue.receive(wait_seconds=0)

    assert raised.value.code == "QueueDoesNotExist"
    assert await queue.largest() == LARGEST_EVERYWHERE
    await queue.close()


# --- Without a double -------------------------------------------------------------------------------------------------


async def test_nobody_there_is_trouble():
    queue = Queue("http://127.0.0.1:9/123/mails")

    with pytest.raises(QueueTrouble, match="SendMessageBatch"):
        await queue.send([Outgoing("a")])
    await queue.close()


async def test_no_credentials_are_trouble_that_says_what_to_set(monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    queue = Queue("http://127.0.0.1:9/123/mails")

    with pytest.raises(QueueTrouble, match="set AWS_ACCESS_KEY_ID"):
        await queue.receive()
    await queue.close()


@pytest.mark.parametrize("address", ["mails", "sqs://", "sqs://mails/more", "http://127.0.0.1", "ftp://a/b"])
def test_what_is_neither_a_name_nor_a_url_is_refused(address):
    with pytest.raises(ValueError, match="sqs://name"):
        Queue(address)


def test_an_endpoint_that_is_no_address_is_refused(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4579")
    with pytest.raises(ValueError, match="AWS_ENDPOINT_URL"):
        Queue("sqs://mails")


@pytest.mark.parametrize("address", ["sqs://mails.fifo", "http://127.0.0.1:9324/1/mails.fifo", "sqs://two words"])
def test_a_name_that_no_standard_queue_has_is_refused(address):
    with pytest.raises(ValueError, match="FIFO queues are not used"):
        Queue(address)


@pytest.fixture
def says(monkeypatch):
    """`says(Successful=[])` is a queue of SQS's that answers so."""

    def says(**answer):
        async def answered(*_):
            return answer

        monkeypatch.setattr(Calls, "ask", answered)
        return Queue("http://127.0.0.1:9/123/mails")

    return says


async def test_of_ten_messages_each_has_its_own_end_in_the_order_they_were_given(says):
    failed = [
        {"Id": "2", "Code": "InternalError", "SenderFault": False},
        {"Id": "0", "Code": "InvalidMessageContents", "Message": "not XML", "SenderFault": True},
    ]

    ends = await says(Successful=[{"Id": "1"}], Failed=failed).send([Outgoing(body) for body in "abcd"])

    assert ends == [
        NotTaken("InvalidMessageContents: not XML", is_final=True),
        None,
        NotTaken("InternalError: ", is_final=False),
        NotTaken("SQS does not mention it", is_final=False),
    ]


async def test_credentials_of_a_role_are_renewed_and_their_session_token_is_signed(aws, made, monkeypatch):
    made()
    renewed = []

    def renew():
        renewed.append(1)
        return {
            "access_key": KEY_ID,
            "secret_key": SECRET,
            "token": "session",
            "expiry_time": "2999-01-01T00:00:00Z",
        }

    first = {"access_key": "AKIAOLD", "secret_key": "old", "token": "old", "expiry_time": "2020-01-01T00:00:00Z"}
    queue = Queue("sqs://mails", aws)
    queue._calls._session._credentials = RefreshableCredentials.create_from_metadata(first, renew, "iam-role")

    assert await queue.send([Outgoing("a")]) == [None]
    assert await queue.send([Outgoing("b")]) == [None]
    assert renewed == [1]
    await queue.close()


async def test_credentials_that_somebody_replaces_in_their_file_are_used(monkeypatch, tmp_path):
    file = tmp_path / "credentials"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setattr(aws_keys, "LOOK_SECONDS", 0.0)
    file.write_text(f"[default]\naws_access_key_id = AKIAEXPIRED\naws_secret_access_key = {SECRET}\n")
    with simulated_ses(secrets={KEY_ID: SECRET}, queues=("mails",)) as running:
        queue = Queue("sqs://mails", running.url)
        with pytest.raises(QueueRefused) as refused:
            await queue.receive(wait_seconds=0)
        assert not refused.value.is_forbidden, "it is no right that is missing"

        file.write_text(f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
        assert await queue.receive(wait_seconds=0) == []
        await queue.close()

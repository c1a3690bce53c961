"""What the doctor says of the bulk queue and those beside it, with the real client on simulated ones."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import pytest

from couvert import wiring
from couvert.cli.checks.queues import queues
from couvert.domain.finding import Verdict
from couvert.simulator.testing import SimulatedSes, simulated_ses
from couvert.store.changes import Change
from couvert.store.messages import MalformedMessage
from tests.cli.aws_parts import Open, know_credentials, opening

NAMES = {"queue_url": "bulk", "result_queue_url": "results", "dead_letter_queue_url": "dead"}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch) -> None:
    know_credentials(monkeypatch)


@pytest.fixture
def ses() -> Iterator[SimulatedSes]:
    with simulated_ses(queues=tuple(NAMES.values())) as running:
        yield running


@pytest.fixture
async def open_parts(tmp_path: Path, ses: SimulatedSes) -> AsyncIterator[Open]:
    queues = {setting: f"sqs://{name}" for setting, name in NAMES.items()}
    async with opening(data_dir=tmp_path, aws_endpoint_url=ses.url, **queues) as open_parts:
        yield open_parts


def put(ses: SimulatedSes, name: str) -> None:
    sqs = boto3.client("sqs", endpoint_url=ses.url, region_name="us-east-1")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody="x")


async def test_each_queue_is_told_with_what_waits_in_it(open_parts, ses):
    put(ses, "bulk")

    assert [(finding.subject, finding.verdict, finding.sentence) for finding in await queues(open_parts())] == [
        ("bulk queue", Verdict.OK, "sqs://bulk: 1 waiting, 0 being worked on"),
        ("result queue", Verdict.OK, "sqs://results: 0 waiting, 0 being worked on"),
        ("dead letters", Verdict.OK, "sqs://dead: empty"),
    ]


async def test_without_queues_there_is_nothing_to_say(open_parts):
    assert await queues(open_parts(**dict.fromkeys(NAMES))) == []


async def test_dead_letters_are_wrong(open_parts, ses):
    put(ses, "dead")

    [*_, finding] = await queues(open_parts())

    assert finding.verdict is Verdict.WRONG
    assert "1 of which no mail was made" in finding.sentence


async def test_a_queue_that_is_not_there_is_wrong(open_parts):
    found = {finding.subject: finding for finding in await queues(open_parts(queue_url="sqs://gone"))}

    assert found["bulk queue"].verdict is Verdict.WRONG
    assert "COUVERT_QUEUE_URL" in found["bulk queue"].sentence


async def test_a_service_that_cannot_be_reached_is_wrong(open_parts):
    found = await queues(open_parts(aws_endpoint_url="http://127.0.0.1:1"))

    assert {finding.verdict for finding in found} == {Verdict.WRONG}


async def test_a_right_that_is_missing_is_named(open_parts, ses):
    ses.faults(denied=["sqs:GetQueueAttributes"])

    found = await queues(open_parts())

    told = (Verdict.UNKNOWN, "could not be checked: allow sqs:GetQueueAttributes")
    assert {(finding.verdict, finding.sentence) for finding in found} == {told}


async def test_credentials_that_sqs_does_not_know_are_wrong_and_no_missing_right(open_parts):
    with simulated_ses(secrets={"somebody": "else"}) as strict:
        found = await queues(open_parts(aws_endpoint_url=strict.url))

    assert {finding.verdict for finding in found} == {Verdict.WRONG}
    assert all("UnrecognizedClientException" in finding.sentence for finding in found)


@pytest.mark.parametrize(("given", "verdict"), [({}, Verdict.NOTE), ({"dead_letter_queue_url": None}, Verdict.WRONG)])
async def test_messages_that_nobody_could_read_and_that_are_kept_are_told(open_parts, given, verdict):
    parts = open_parts(**given)
    malformed = MalformedMessage("m-1", wiring.now_ms(), "{", "it is no JSON")
    await parts.store.commit(Change(at=wiring.now_ms(), malformed=[malformed]))

    [*_, finding] = await queues(parts)

    assert (finding.subject, finding.verdict) == ("dead letters", verdict)
    assert "1 kept here, of which no mail can be made" in finding.sentence

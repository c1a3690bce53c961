"""`couvert serve` that sends through simulated SES, and hears by SNS or SQS what became of its mails."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from couvert.simulator.testing import SimulatedSes
from couvert.simulator.world import DEFAULT_TOPIC
from tests.crash.service import Service
from tests.delivery.ses.handing import KEY_ID, KEYS, SECRET

REGION = "us-east-1"
QUEUE = "notices"
TRANSPORT = f"ses://{REGION}?configuration_set=couvert"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:{DEFAULT_TOPIC}"
NOTICES_PATH = "/v2/provider/ses"


def service_on(directory: Path, ses: SimulatedSes, *, by: Sequence[str] = ("sns",), **settings: object) -> Service:
    """`by`: the doors that notices come in by, `sns`, `sqs` or both."""
    doors = {"sns": {"ses_topics": TOPIC, "sns_endpoints": ses.url}, "sqs": {"notice_queue_url": f"sqs://{QUEUE}"}}
    chosen: dict[str, object] = {"transport": TRANSPORT, "aws_endpoint_url": ses.url, "v1_patience_seconds": 1}
    for door in by:
        chosen |= doors[door]
    return Service(directory, KEYS, **chosen | settings)


def subscribe(ses: SimulatedSes, service: Service) -> None:
    """As an operator does; the service confirms by itself. Once it listens."""
    endpoint = f"http://127.0.0.1:{service.port}{NOTICES_PATH}"
    client("sns", ses).subscribe(TopicArn=TOPIC, Protocol="http", Endpoint=endpoint)


def is_confirmed(ses: SimulatedSes) -> bool:
    found = client("sns", ses).list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    return bool(found) and all(each["SubscriptionArn"].startswith("arn:") for each in found)


def notices_under_way(ses: SimulatedSes) -> int:
    """That were not brought yet, and that lie in their queue."""
    state = ses.state()
    waiting: int = state["noticesWaiting"]
    return waiting + (left_in(ses, state["queues"][QUEUE]) if QUEUE in state["queues"] else 0)


def left_in(ses: SimulatedSes, queue_url: str) -> int:
    """Those included that somebody received and did not delete."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client("sqs", ses).get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return sum(map(int, found.values()))


@cache
def client(service: str, ses: SimulatedSes) -> Any:
    return boto3.client(
        service, endpoint_url=ses.url, region_name=REGION, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET
    )

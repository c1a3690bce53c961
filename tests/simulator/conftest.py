from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from couvert.simulator.testing import SimulatedSes, simulated_ses

KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def ses() -> Iterator[SimulatedSes]:
    with simulated_ses(secrets={KEY_ID: SECRET}) as running:
        yield running


@pytest.fixture
def client(ses: SimulatedSes) -> Callable[..., Any]:
    """`client("sesv2")` is boto3's, on the simulator, without its retries."""

    def made(service: str, secret: str = SECRET, url: str = ses.url) -> Any:
        return boto3.client(
            service,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    return made


@pytest.fixture
def sqs(client: Callable[..., Any]) -> Any:
    return client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    """Its URL."""
    return str(sqs.create_queue(QueueName="mails")["QueueUrl"])

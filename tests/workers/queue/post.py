"""Whoever puts messages into a queue, and looks at what is left there."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
BODY = {
    "email_id": "msg-123",
    "email_recipient_id": "recipient-123",
    "client_env_id": "env-123",
    "sender_email": "support@example.com",
    "sender_name": "Support Team",
    "sender_organisation_name": "Acme Corp",
    "subject": "Test Email",
    "html_template": "<html><body><h1>Hello {{name}}</h1></body></html>",
    "recipient_name": "John Doe",
    "recipient_email": "john@example.com",
    "recipient_company": "Acme Corp",
    "queued_at": "2025-01-27T10:30:00Z",
}


def body(**changes: Any) -> str:
    return json.dumps(BODY | changes)


class Post:
    """boto3's client, on one queue."""

    def __init__(self, client: Any, name: str, **attributes: str) -> None:
        self.name = name
        self._client = client
        self._url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def put(self, *bodies: str, attributes: Mapping[str, str] | None = None) -> None:
        more = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()}
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(n), "MessageBody": text, "MessageAttributes": more}
                for n, text in enumerate(bodies[start : start + 10])
            ]
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            assert not answer.get("Failed")

    def received(self, seconds: float = 5) -> list[dict[str, Any]]:
        """What can be received by then; a first message is waited for."""
        found: list[dict[str, Any]] = []
        until = time.monotonic() + seconds
        while not found and time.monotonic() < until:
            while more := self._receive():
                found += more
        return found

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=600
        )
        return list(answer.get("Messages", ()))

    def left(self) -> int:
        """Received and not deleted ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))

    def lose_all(self) -> None:
        self._client.purge_queue(QueueUrl=self._url)


@contextmanager
def client_of(url: str) -> Iterator[Any]:
    client = boto3.client(
        "sqs",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIATEST",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield client
    finally:
        client.close()

"""Another system that puts bulk mails into the queue, some of them twice, as producers do whose answer got lost; and
that hears by the result queue what became of them.
"""

import json
from itertools import count

from couvert.simulator.testing import SimulatedSes
from tests.crash.load import CLIENTS, domain
from tests.crash.simulated import client, left_in

QUEUE, RESULTS = "bulk", "results"
AT_ONCE = 10
"""As many as SQS takes in one call."""


class Producer:
    def __init__(self, ses: SimulatedSes) -> None:
        self.promised: set[str] = set()
        """Recipients of messages that SQS took."""
        self.told_as_sent: set[str] = set()
        self._ses = ses
        self._client = client("sqs", ses)
        self._url: str = self._client.create_queue(QueueName=QUEUE)["QueueUrl"]
        self._results: str = self._client.create_queue(QueueName=RESULTS)["QueueUrl"]
        self._number = count()

    def put(self, messages: int) -> None:
        bodies = [_body(next(self._number)) for _ in range(messages)]
        self._put(bodies)
        self._put(bodies[::3])

    def left(self) -> int:
        return left_in(self._ses, self._url)

    def hear(self) -> None:
        """Whatever is in the result queue by now."""
        while received := self._client.receive_message(QueueUrl=self._results, MaxNumberOfMessages=AT_ONCE).get(
            "Messages"
        ):
            results = [json.loads(each["Body"]) for each in received]
            self.told_as_sent.update(result["recipient"] for result in results if result["success"])
            receipts = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(received)]
            self._client.delete_message_batch(QueueUrl=self._results, Entries=receipts)

    def _put(self, bodies: list[dict[str, str]]) -> None:
        for start in range(0, len(bodies), AT_ONCE):
            part = bodies[start : start + AT_ONCE]
            entries = [{"Id": str(n), "MessageBody": json.dumps(body)} for n, body in enumerate(part)]
            assert not self._client.send_message_batch(QueueUrl=self._url, Entries=entries).get("Failed")
            self.promised.update(body["recipient_email"] for body in part)


def _body(number: int) -> dict[str, str]:
    return {
        "email_id": f"msg-{number}",
        "email_recipient_id": f"recipient-{number}",
        "client_env_id": "env-1",
        "sender_email": "shop@example.org",
        "subject": "News",
        "html_template": "<p>Hello {{name}}</p>",
        "recipient_name": f"Number {number}",
        "recipient_email": f"q{number}@{domain(number % CLIENTS)}",
        "queued_at": "2026-11-22T10:30:00Z",
    }

"""Messages of the bulk queue that come as events of Lambda: they become mails, and are sent as far as time allows."""

from __future__ import annotations

from typing import Any

import structlog
from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType, async_process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from couvert.aws_lambda.container import Container
from couvert.aws_lambda.time_left import Context, TimeLeft
from couvert.commands.queue_intake import NotNow, Ours, QueueMessage

Event = dict[str, Any]

log = structlog.get_logger()


class NotKept(Exception):
    """The message is to come again."""


class Queue:
    def __init__(self, container: Container) -> None:
        self._container = container
        # That all of a batch failed is an answer too, and no reason to call the invocation failed.
        self._batch = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        self._ours: list[int] = []
        """Deliveries that messages of our own are about."""

    def __call__(self, event: Event, context: Context) -> PartialItemFailureResponse | None:
        """Which messages are to come again. An event without messages, as a schedule's, means: deliver what is due."""
        time, failures = TimeLeft(context), None
        if "Records" in event:
            failures = async_process_partial_response(event, self._take, self._batch)
        ours, self._ours = self._ours, []
        try:
            self._container.run(self._container.deliver(time, ours=ours))
        except Exception:
            # What was accepted is kept: no reason to call the whole batch failed, and have it come again.
            log.exception("lambda.not_delivered")
        return failures

    async def _take(self, record: SQSRecord) -> None:
        """All of a batch at once, so that they share a commit."""
        message = QueueMessage(record.message_id, record.body, _texts(record))
        [fate] = await self._container.parts.take_messages.take([message])
        if isinstance(fate, NotNow):
            raise NotKept(fate.why)
        if isinstance(fate, Ours):
            self._ours.append(fate.delivery_id)


def _texts(record: SQSRecord) -> dict[str, str]:
    attributes: dict[str, dict[str, str]] = record.raw_event.get("messageAttributes") or {}
    return {name: each["stringValue"] for name, each in attributes.items() if "stringValue" in each}

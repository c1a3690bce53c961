"""The calls about messages, one by one and in batches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from couvert.simulator.errors import AwsError, well_shaped
from couvert.simulator.exchange import Outcome
from couvert.simulator.sqs.answers import refused, said
from couvert.simulator.sqs.asked import Asked, missing, number, text, wrong
from couvert.simulator.sqs.batches import batch
from couvert.simulator.sqs.messages import attributes_md5, received, size_of
from couvert.simulator.sqs.queue import LONGEST_HIDDEN_SECONDS, Queue
from couvert.simulator.sqs.queue_calls import queue_of
from couvert.simulator.sqs.rules import check_attributes, check_characters

if TYPE_CHECKING:
    from couvert.simulator.world import World

WRONG_SHAPE: Final = "SerializationException"
LARGEST_BATCH_BYTES: Final = 1_048_576
"""Whatever the queue says of a single message."""


def send(world: World, asked: Asked) -> Asked:
    return _sent(queue_of(world, asked), asked)


def send_batch(world: World, asked: Asked) -> Asked:
    queue = queue_of(world, asked)
    entries = asked.get("Entries") or []
    total = sum(size_of(one.get("MessageBody") or "", one.get("MessageAttributes") or {}) for one in entries)
    if total > LARGEST_BATCH_BYTES:
        words = f"Batch requests cannot be longer than {LARGEST_BATCH_BYTES} bytes. You have sent {total} bytes."
        raise AwsError("BatchRequestTooLong", words)
    return batch("SendMessage", entries, lambda entry: _sent(queue, entry))


async def receive(world: World, asked: Asked) -> Outcome:
    try:
        queue = queue_of(world, asked)
        with well_shaped(WRONG_SHAPE):
            most = number(asked, "MaxNumberOfMessages", 1, 1, 10)
            seconds = number(asked, "WaitTimeSeconds", queue.attributes["ReceiveMessageWaitTimeSeconds"], 0, 20)
            hidden = _hidden_seconds(asked, queue.attributes["VisibilityTimeout"])
        until = time.monotonic() + seconds
        while not (found := queue.receive(most, hidden)) and (left := until - time.monotonic()) > 0:
            await queue.wait(left)
        return said({"Messages": [received(message, asked) for message in found]} if found else {})
    except AwsError as error:
        return refused(error)


def delete(world: World, asked: Asked) -> Asked:
    return _deleted(queue_of(world, asked), asked)


def delete_batch(world: World, asked: Asked) -> Asked:
    queue = queue_of(world, asked)
    return batch("DeleteMessage", asked.get("Entries") or [], lambda entry: _deleted(queue, entry))


def change(world: World, asked: Asked) -> Asked:
    return _changed(queue_of(world, asked), asked)


def change_batch(world: World, asked: Asked) -> Asked:
    queue = queue_of(world, asked)
    return batch("ChangeMessageVisibility", asked.get("Entries") or [], lambda entry: _changed(queue, entry))


# --- Details, in the order they are called ----------------------------------------------------------------------------


def _sent(queue: Queue, asked: Asked) -> Asked:
    body, attributes = text(asked, "MessageBody"), asked.get("MessageAttributes") or {}
    if not body:
        raise missing("MessageBody")
    check_characters(body)
    check_attributes(attributes)
    if size_of(body, attributes) > int(most := queue.attributes["MaximumMessageSize"]):
        words = f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
        raise AwsError("InvalidParameterValue", words)
    if mark := asked.get("MessageDeduplicationId"):
        reason = "The request include parameter that is not valid for this queue type."
        raise wrong("MessageDeduplicationId", mark, reason)
    delay = number(asked, "DelaySeconds", queue.attributes["DelaySeconds"], 0, 900)
    message = queue.put(body, attributes, delay)
    told = {"MessageId": message.id, "MD5OfMessageBody": message.md5()}
    return {**told, "MD5OfMessageAttributes": attributes_md5(attributes)} if attributes else told


def _deleted(queue: Queue, asked: Asked) -> Asked:
    queue.delete(text(asked, "ReceiptHandle"))
    return {}


def _changed(queue: Queue, asked: Asked) -> Asked:
    if asked.get("VisibilityTimeout") is None:
        raise missing("VisibilityTimeout")
    queue.change_visibility(text(asked, "ReceiptHandle"), _hidden_seconds(asked, 0))
    return {}


def _hidden_seconds(asked: Asked, default: str | float) -> int:
    return number(asked, "VisibilityTimeout", default, 0, LONGEST_HIDDEN_SECONDS)

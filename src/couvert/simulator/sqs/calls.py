"""The calls of SQS in its JSON protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from couvert.simulator.errors import AwsError, well_shaped
from couvert.simulator.exchange import Answer, Outcome, Reply, Request, json_answer
from couvert.simulator.sqs.batches import batch
from couvert.simulator.sqs.messages import attributes_md5, received, size_of
from couvert.simulator.sqs.queue import Queue

if TYPE_CHECKING:
    from couvert.simulator.world import World

Asked = dict[str, Any]

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_WRONG_SHAPE: Final = "SerializationException"


def answer(world: World, request: Request) -> Reply:
    try:
        asked = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as wrong:
        raise AwsError("SerializationException", str(wrong)) from None
    name = request.headers["x-amz-target"].partition(".")[2]
    world.allow(f"sqs:{name.removesuffix('Batch')}")  # as in policies: who may delete one may delete ten
    if name == "ReceiveMessage":
        return _receive(world, asked)
    if name not in _CALLS:
        raise AwsError("UnsupportedOperation", f"The simulator has no {name}.")
    with well_shaped(_WRONG_SHAPE):
        return said(_CALLS[name](world, asked))


def said(value: object, status: int = 200, *headers: tuple[str, str]) -> Answer:
    return json_answer(value, status, *headers)._replace(content_type=CONTENT_TYPE)


def refused(error: AwsError) -> Answer:
    """The type twice, as SQS has it: its own, and the one that its older protocol had."""
    older = _OLDER.get(error.error_type, error.error_type)
    body = {"__type": f"com.amazonaws.sqs#{error.error_type}", "message": error.message}
    return said(body, error.status, ("x-amzn-query-error", f"{older};Sender"))


def _queue(world: World, asked: Asked) -> Queue:
    return world.queues.of_url(_text(asked, "QueueUrl"))


def _text(asked: Asked, name: str) -> str:
    if not isinstance(asked.get(name), str):
        raise AwsError("MissingParameter", f"The request must contain the parameter {name}.")
    return str(asked[name])


def _number(asked: Asked, name: str, default: str | float, least: int, most: int) -> int:
    value = asked.get(name)
    number = int(default if value is None else value)
    if not least <= number <= most:
        words = f"Value {number} for parameter {name} is invalid. Reason: Must be between {least} and {most}."
        raise AwsError("InvalidParameterValue", words)
    return number


def _create(world: World, asked: Asked) -> Asked:
    return {"QueueUrl": world.queues.create(_text(asked, "QueueName"), asked.get("Attributes")).url}


def _url(world: World, asked: Asked) -> Asked:
    return {"QueueUrl": world.queues.named(_text(asked, "QueueName")).url}


def _list(world: World, asked: Asked) -> Asked:
    prefix = asked.get("QueueNamePrefix") or ""
    return {"QueueUrls": [queue.url for name, queue in world.queues.by_name.items() if name.startswith(prefix)]}


def _attributes(world: World, asked: Asked) -> Asked:
    queue, wanted = _queue(world, asked), asked.get("AttributeNames") or []
    found = {**queue.attributes, **queue.counts(), "QueueArn": queue.arn}
    return {"Attributes": {name: found[name] for name in found if name in wanted or "All" in wanted}}


def _set_attributes(world: World, asked: Asked) -> Asked:
    world.queues.change(_queue(world, asked), asked.get("Attributes") or {})
    return {}


def _delete_queue(world: World, asked: Asked) -> Asked:
    del world.queues.by_name[_queue(world, asked).name]
    return {}


def _purge(world: World, asked: Asked) -> Asked:
    _queue(world, asked).purge()
    return {}


def _send(world: World, asked: Asked) -> Asked:
    return _sent(_queue(world, asked), asked)


def _sent(queue: Queue, asked: Asked) -> Asked:
    body, attributes = _text(asked, "MessageBody"), asked.get("MessageAttributes") or {}
    if not body:
        raise AwsError("MissingParameter", "The request must contain the parameter MessageBody.")
    if size_of(body, attributes) > int(queue.attributes["MaximumMessageSize"]):
        most = queue.attributes["MaximumMessageSize"]
        words = f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
        raise AwsError("InvalidParameterValue", words)
    delay = _number(asked, "DelaySeconds", queue.attributes["DelaySeconds"], 0, 900)
    message = queue.put(body, attributes, delay)
    told = {"MessageId": message.id, "MD5OfMessageBody": message.md5()}
    return {**told, "MD5OfMessageAttributes": attributes_md5(attributes)} if attributes else told


def _send_batch(world: World, asked: Asked) -> Asked:
    queue = _queue(world, asked)
    entries = asked.get("Entries") or []
    total = sum(size_of(one.get("MessageBody") or "", one.get("MessageAttributes") or {}) for one in entries)
    if total > int(queue.attributes["MaximumMessageSize"]):
        raise AwsError("BatchRequestTooLong", "Batch requests cannot be longer than a message.")
    return batch(entries, lambda entry: _sent(queue, entry))


async def _receive(world: World, asked: Asked) -> Outcome:
    try:
        queue = _queue(world, asked)
        with well_shaped(_WRONG_SHAPE):
            most = _number(asked, "MaxNumberOfMessages", 1, 1, 10)
            seconds = _number(asked, "WaitTimeSeconds", queue.attributes["ReceiveMessageWaitTimeSeconds"], 0, 20)
            hidden = _number(asked, "VisibilityTimeout", queue.attributes["VisibilityTimeout"], 0, 43_200)
        until = time.monotonic() + seconds
        while not (found := queue.receive(most, hidden)) and (left := until - time.monotonic()) > 0:
            await queue.wait(left)
        return said({"Messages": [received(message, asked) for message in found]} if found else {})
    except AwsError as error:
        return refused(error)


def _delete(world: World, asked: Asked) -> Asked:
    _queue(world, asked).delete(_text(asked, "ReceiptHandle"))
    return {}


def _delete_batch(world: World, asked: Asked) -> Asked:
    queue = _queue(world, asked)

    def delete(entry: Asked) -> Asked:
        queue.delete(_text(entry, "ReceiptHandle"))
        return {}

    return batch(asked.get("Entries") or [], delete)


def _change(world: World, asked: Asked) -> Asked:
    return _changed(_queue(world, asked), asked)


def _changed(queue: Queue, asked: Asked) -> Asked:
    seconds = _number(asked, "VisibilityTimeout", 0, 0, 43_200)
    queue.change_visibility(_text(asked, "ReceiptHandle"), seconds)
    return {}


def _change_batch(world: World, asked: Asked) -> Asked:
    queue = _queue(world, asked)
    return batch(asked.get("Entries") or [], lambda entry: _changed(queue, entry))


_CALLS: Final[dict[str, Callable[[World, Asked], Asked]]] = {
    "CreateQueue": _create,
    "GetQueueUrl": _url,
    "ListQueues": _list,
    "GetQueueAttributes": _attributes,
    "SetQueueAttributes": _set_attributes,
    "DeleteQueue": _delete_queue,
    "PurgeQueue": _purge,
    "SendMessage": _send,
    "SendMessageBatch": _send_batch,
    "DeleteMessage": _delete,
    "DeleteMessageBatch": _delete_batch,
    "ChangeMessageVisibility": _change,
    "ChangeMessageVisibilityBatch": _change_batch,
}
_OLDER: Final = {
    "AccessDeniedException": "AccessDenied",
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}

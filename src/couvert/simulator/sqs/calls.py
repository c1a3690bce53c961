"""The calls of SQS in its JSON protocol, on one page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from couvert.simulator.errors import AwsError, well_shaped
from couvert.simulator.exchange import Reply, Request
from couvert.simulator.sqs import message_calls, queue_calls
from couvert.simulator.sqs.answers import said
from couvert.simulator.sqs.asked import Asked

if TYPE_CHECKING:
    from couvert.simulator.world import World

_CALLS: Final[dict[str, Callable[[World, Asked], Asked]]] = {
    "CreateQueue": queue_calls.create,
    "GetQueueUrl": queue_calls.url,
    "ListQueues": queue_calls.list_all,
    "GetQueueAttributes": queue_calls.attributes,
    "SetQueueAttributes": queue_calls.set_attributes,
    "DeleteQueue": queue_calls.delete,
    "PurgeQueue": queue_calls.purge,
    "SendMessage": message_calls.send,
    "SendMessageBatch": message_calls.send_batch,
    "DeleteMessage": message_calls.delete,
    "DeleteMessageBatch": message_calls.delete_batch,
    "ChangeMessageVisibility": message_calls.change,
    "ChangeMessageVisibilityBatch": message_calls.change_batch,
}


def answer(world: World, request: Request) -> Reply:
    try:
        asked = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as wrong:
        raise AwsError(message_calls.WRONG_SHAPE, str(wrong)) from None
    name = request.headers["x-amz-target"].partition(".")[2]
    world.allow(f"sqs:{name.removesuffix('Batch')}")  # as in policies: who may delete one may delete ten
    if name == "ReceiveMessage":
        return message_calls.receive(world, asked)
    if name not in _CALLS:
        raise AwsError("UnsupportedOperation", f"The simulator has no {name}.")
    with well_shaped(message_calls.WRONG_SHAPE):
        return said(_CALLS[name](world, asked))

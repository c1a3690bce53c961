"""The steps of the bulk queue, for a worker that dies at one of them.

| step | passed when |
|---|---|
| `received` | the queue gave messages |
| `settled` | what became of them is committed, and they are about to be deleted there |
| `deleted` | they were |
| `publishing` | our own recipients are committed, and about to be put there |
| `published` | they were |

Each is passed with how many messages it is about.
"""

from collections.abc import Callable
from typing import Any

from couvert.delivery.sqs import queue as sqs
from couvert.workers.queue import publisher

HIDDEN_SECONDS = 1
LEASE_MS = 1_500


def watch(passes: Callable[[str, int], None]) -> None:
    """Of this process. What nobody deleted, and what the queue lost, is seen again in a second or two."""
    receive, delete, send = sqs.Queue.receive, sqs.Queue.delete, sqs.Queue.send

    async def received(queue: sqs.Queue, **asked: Any) -> Any:
        messages = await receive(queue, **asked)
        if messages:
            passes("received", len(messages))
        return messages

    async def deleted(queue: sqs.Queue, receipts: Any) -> None:
        passes("settled", len(receipts))
        await delete(queue, receipts)
        passes("deleted", len(receipts))

    async def sent(queue: sqs.Queue, messages: Any) -> Any:
        passes("publishing", len(messages))
        ends = await send(queue, messages)
        passes("published", len(messages))
        return ends

    put(sqs, HIDDEN_SECONDS=HIDDEN_SECONDS)
    put(publisher, LEASE_MS=LEASE_MS)
    put(sqs.Queue, receive=received, delete=deleted, send=sent)


def put(place: object, **values: object) -> None:
    for name, value in values.items():
        setattr(place, name, value)

"""Amazon SQS: queues that messages are put into, received from and deleted in, ten a call."""

from couvert.delivery.sqs.calls import QueueRefused, QueueTrouble
from couvert.delivery.sqs.messages import AT_ONCE, NotTaken, Outgoing, Received, packed
from couvert.delivery.sqs.queue import WAIT_SECONDS, Queue, QueueState

__all__ = [
    "AT_ONCE",
    "WAIT_SECONDS",
    "NotTaken",
    "Outgoing",
    "Queue",
    "QueueRefused",
    "QueueState",
    "QueueTrouble",
    "Received",
    "packed",
]

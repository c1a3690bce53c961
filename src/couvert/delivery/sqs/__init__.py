"""Amazon SQS: queues that messages are put into, received from and deleted in, ten a call."""

from couvert.delivery.sqs.calls import QueueTrouble
from couvert.delivery.sqs.messages import AT_ONCE, NotTaken, Outgoing, Received, packed
from couvert.delivery.sqs.queue import Queue

__all__ = ["AT_ONCE", "NotTaken", "Outgoing", "Queue", "QueueTrouble", "Received", "packed"]

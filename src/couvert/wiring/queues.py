"""Queues of Amazon SQS that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from couvert.api.v1.queue import wording
from couvert.settings import Settings, WrongSetting
from couvert.store.port import Store
from couvert.wiring.clocks import now_ms

if TYPE_CHECKING:
    from couvert.delivery.sqs import Queue
    from couvert.workers.queue.publisher import QueuePublisher

QUEUES: Final = "queue_url", "dead_letter_queue_url", "result_queue_url", "notice_queue_url"
"""The settings that name one of Amazon SQS."""


def queue_of(settings: Settings, name: str) -> Queue | None:
    """The queue that a setting names, None if it names none. Raises `WrongSetting`."""
    address = getattr(settings, name)
    if address is None:
        return None
    try:
        from couvert.delivery.sqs import Queue

        return Queue(address, settings.aws_endpoint_url)
    except ImportError:
        raise WrongSetting(
            f"COUVERT_{name.upper()}: install couvert with its extra `aws`: README, Amazon SES"
        ) from None
    except ValueError as fault:
        raise WrongSetting(f"COUVERT_{name.upper()}: {fault}") from None


def publisher_of(settings: Settings, store: Store, wake: Callable[[], None]) -> QueuePublisher | None:
    queue = queue_of(settings, "queue_url")
    if queue is None:
        return None
    from couvert.workers.queue.publisher import QueuePublisher

    return QueuePublisher(queue, store, now_ms, wording=wording, wake=wake)

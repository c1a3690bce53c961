"""All queues of the account, by name, URL and ARN."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from couvert.simulator.errors import AwsError
from couvert.simulator.setup import ACCOUNT
from couvert.simulator.sqs.queue import Message, Queue
from couvert.simulator.sqs.redrive import check_redrive

if TYPE_CHECKING:
    from couvert.simulator.world import World

DEFAULTS: Final = {
    "VisibilityTimeout": "30",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
}
NAME_RULE: Final = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
RANGES: Final = {
    "VisibilityTimeout": (0, 43_200),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "DelaySeconds": (0, 900),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
}
MAPS: Final = frozenset({"RedriveAllowPolicy", "Policy"})
SETTABLE: Final = frozenset({*DEFAULTS, *MAPS, "RedrivePolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"})
NAMED: Final = SETTABLE | {
    "All", "QueueArn", "CreatedTimestamp", "LastModifiedTimestamp", "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible", "FifoQueue",
    "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit",
}  # fmt: skip
"""What may be asked for, whether the queue has it or not."""


@dataclass
class Queues:
    world: World
    by_name: dict[str, Queue] = field(default_factory=dict)

    def create(self, name: str, attributes: dict[str, str] | None = None) -> Queue:
        """The one there is already, if it is alike."""
        if not is_name(name):
            raise AwsError("InvalidParameterValue", NAME_RULE)
        given = self._checked(attributes or {})
        known = self.by_name.get(name)
        if known is not None:
            if any(known.attributes.get(key) != value for key, value in given.items()):
                words = "A queue already exists with the same name and a different value for an attribute."
                raise AwsError("QueueNameExists", words)
            return known
        url, now = f"{self.world.url}/{ACCOUNT}/{name}", str(int(time.time()))
        own = {**DEFAULTS, **given, "CreatedTimestamp": now, "LastModifiedTimestamp": now}
        made = Queue(name, url, self.world.setup.arn("sqs", name), own, self._bury)
        self.by_name[name] = made
        return made

    def change(self, queue: Queue, attributes: dict[str, str]) -> None:
        queue.attributes.update(self._checked(attributes))
        queue.attributes["LastModifiedTimestamp"] = str(int(time.time()))

    def named(self, name: str) -> Queue:
        if name not in self.by_name:
            raise AwsError("QueueDoesNotExist", "The specified queue does not exist.")
        return self.by_name[name]

    def of_url(self, url: str) -> Queue:
        """By its last part: whoever is reached in several ways may be called by several addresses."""
        return self.named(url.rstrip("/").rpartition("/")[2])

    def of_arn(self, arn: str) -> Queue:
        return self.named(arn.rpartition(":")[2])

    def of_arn_or_none(self, arn: str) -> Queue | None:
        return self.by_name.get(arn.rpartition(":")[2])

    def _checked(self, attributes: dict[str, str]) -> dict[str, str]:
        for name, value in attributes.items():
            if name not in SETTABLE:
                raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
            is_right = _is_within(value, *RANGES[name]) if name in RANGES else name not in MAPS or _is_map(value)
            if not is_right:
                raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            if name == "RedrivePolicy":
                check_redrive(value, {queue.arn for queue in self.by_name.values()})
        return {name: str(value) for name, value in attributes.items()}

    def _bury(self, arn: str, message: Message) -> bool:
        grave = self.of_arn_or_none(arn)
        if grave is not None:
            grave.add(replace(message, hidden_until=0.0, received=0), delay_seconds=0)
        return grave is not None


def is_name(name: str) -> bool:
    """Of a standard queue; what ends in `.fifo` would be none."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) is not None


def _is_within(value: str, least: int, most: int) -> bool:
    return value.isdecimal() and least <= int(value) <= most


def _is_map(text: str) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except ValueError:
        return False

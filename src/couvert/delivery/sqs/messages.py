"""Messages of a queue on their way out and in, and how many of them one call takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

AT_ONCE: Final = 10
"""As many as SQS gives, and takes, in one call."""
LARGEST: Final = 1_048_576
"""Bytes of all messages of one call, and of a message where the queue says nothing less (SQS since August 2025)."""
_TEXT: Final = "String"


class Outgoing(NamedTuple):
    body: str
    attributes: Mapping[str, str] = {}

    @property
    def size(self) -> int:
        """As SQS counts: in bytes, with the names, kinds and values of its attributes."""
        more = sum(
            len(name.encode()) + len(_TEXT) + len(value.encode("utf-8", "replace"))
            for name, value in self.attributes.items()
        )
        return len(self.body.encode("utf-8", "replace")) + more

    def entry(self, n: int) -> dict[str, Any]:
        entry: dict[str, Any] = {"Id": str(n), "MessageBody": self.body}
        if self.attributes:
            entry["MessageAttributes"] = {
                name: {"DataType": _TEXT, "StringValue": value} for name, value in self.attributes.items()
            }
        return entry


class NotTaken(NamedTuple):
    """What a queue says of a message that it did not take, though it took others of the same call."""

    why: str
    is_final: bool
    """For what the message is: it would be refused again."""


class Received(NamedTuple):
    receipt: str
    body: str
    id: str = ""
    """The queue's name for it, since it was put there."""
    attributes: Mapping[str, str] = {}
    """Those that were asked for, and are text."""


def received(said: Mapping[str, Any]) -> Received:
    attributes = {
        name: str(attribute["StringValue"])
        for name, attribute in (said.get("MessageAttributes") or {}).items()
        if "StringValue" in attribute
    }
    return Received(said["ReceiptHandle"], said["Body"], said.get("MessageId", ""), attributes)


def packed(messages: Iterable[Outgoing], most_bytes: int = LARGEST) -> Iterator[list[Outgoing]]:
    """Cut into what one call takes, in order. A message that is too large by itself goes alone, to be refused."""
    batch: list[Outgoing] = []
    total = 0
    for message in messages:
        size = message.size
        if batch and (len(batch) == AT_ONCE or total + size > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(message)
        total += size
    if batch:
        yield batch

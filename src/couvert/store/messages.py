"""The part of the store's port that is about the queue: messages that no mail could be made of, and results that are
due besides those that the log tells of.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Echo(NamedTuple):
    """What a result repeats of its message, as far as it could be read."""

    email_id: str | None = None
    email_recipient_id: str | None = None
    recipient: str | None = None
    queued_at: str | None = None


class MalformedMessage(NamedTuple):
    message_id: str
    """The queue's."""
    received_at: int
    body: str | None
    """As it came; None once the dead-letter queue has it, or nobody wants it."""
    fault: str
    """What is wrong with it, in words for whoever sent it."""
    echo: Echo = Echo()


class ResultDue(NamedTuple):
    """Of a delivery whose message came again, or of a malformed message: one of the two ids."""

    delivery_id: int | None = None
    message_id: str | None = None
    id: int = 0
    """The store gives it, ascending."""


class MessageShelf(Protocol):
    """What `Store` promises about them; `Change` is how they come in and go."""

    async def malformed_message(self, message_id: str) -> MalformedMessage | None:
        """One whose body somebody else has is there until its result is told."""

    async def kept_messages(self, most: int) -> list[MalformedMessage]:
        """Malformed ones whose bodies are here, the oldest first."""

    async def count_kept_messages(self) -> int: ...

    async def results_due(self, most: int) -> list[ResultDue]:
        """In the order in which they came to be."""

    async def results_mark(self) -> int | None:
        """The position up to which the log's results are told; None if nobody ever did."""

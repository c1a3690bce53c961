"""One queue: what waits, what somebody is working on, and when that comes back."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from couvert.simulator.errors import AwsError
from couvert.simulator.sqs.asked import wrong
from couvert.simulator.sqs.redrive import redrive_or_none

LONGEST_HIDDEN_SECONDS: Final = 43_200
"""In all, from the reception on: who asks for as much again later is refused."""

Attributes = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Message:
    id: str
    body: str
    attributes: Attributes
    sent_at: float
    hidden_until: float = 0.0
    received: int = 0
    first_received_at: float = 0.0
    received_at: float = 0.0
    """The last time, by the clock that only goes forward."""

    @property
    def receipt(self) -> str:
        """Of the last reception; those of earlier ones delete nothing."""
        return f"{self.id}#{self.received}"

    def md5(self) -> str:
        return md5(self.body.encode())


@dataclass
class Queue:
    name: str
    url: str
    arn: str
    attributes: dict[str, str]
    bury: Callable[[str, Message], bool]
    """Given the ARN of the dead-letter queue: whether it went there."""
    messages: dict[str, Message] = field(default_factory=dict)
    """All that are not deleted."""
    ready: deque[Message] = field(default_factory=deque)
    hidden: list[tuple[float, int, Message]] = field(default_factory=list)
    """A heap; an entry counts if its time is still the message's own."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, body: str, attributes: Attributes | None = None, delay_seconds: float | None = None) -> Message:
        return self.add(Message(str(uuid.uuid4()), body, attributes or {}, time.time()), delay_seconds)

    def add(self, message: Message, delay_seconds: float | None = None) -> Message:
        delay = float(self.attributes["DelaySeconds"]) if delay_seconds is None else delay_seconds
        self.messages[message.id] = message
        if delay:
            self._hide(message, time.monotonic() + delay)
        else:
            self._show(message)
        return message

    def receive(self, most: int, visibility_seconds: float) -> list[Message]:
        self._return_expired()
        received: list[Message] = []
        while self.ready and len(received) < most:
            message = self.ready.popleft()
            if message.id in self.messages and not self._is_buried(message):
                received.append(self._handed_out(message, visibility_seconds))
        if not self.ready:
            self._arrived.clear()
        return received

    async def wait(self, seconds: float) -> None:
        """Until something may be there, or so long."""
        if self.hidden:
            seconds = min(seconds, max(0.0, self.hidden[0][0] - time.monotonic()) + 0.001)
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return

    def delete(self, receipt: str) -> None:
        message = self._of(receipt)
        if message is not None and message.receipt == receipt:
            del self.messages[message.id]

    def change_visibility(self, receipt: str, seconds: int) -> None:
        message = self._of(receipt)
        if message is None or message.receipt != receipt or not message.hidden_until:
            raise AwsError("MessageNotInflight", "The message referred to isn't in flight.")
        now = time.monotonic()
        if now - message.received_at + seconds > LONGEST_HIDDEN_SECONDS:
            reason = f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST_HIDDEN_SECONDS} seconds]"
            raise wrong("VisibilityTimeout", seconds, reason)
        self._hide(message, now + seconds)
        # Whoever waits looked at the time that it had before.
        self._arrived.set()

    def purge(self) -> None:
        self.messages.clear()
        self.ready.clear()
        self.hidden.clear()

    def counts(self) -> dict[str, str]:
        self._return_expired()
        waiting = [message for message in self.messages.values() if not message.hidden_until]
        delayed = [message for message in self.messages.values() if message.hidden_until and not message.received]
        return {
            "ApproximateNumberOfMessages": str(len(waiting)),
            "ApproximateNumberOfMessagesDelayed": str(len(delayed)),
            "ApproximateNumberOfMessagesNotVisible": str(len(self.messages) - len(waiting) - len(delayed)),
        }

    def _of(self, receipt: str) -> Message | None:
        message_id, mark, _ = receipt.partition("#")
        if not mark:
            raise AwsError("ReceiptHandleIsInvalid", f'The input receipt handle "{receipt}" is not a valid one.')
        return self.messages.get(message_id)

    def _show(self, message: Message) -> None:
        message.hidden_until = 0.0
        self.ready.append(message)
        self._arrived.set()

    def _hide(self, message: Message, until: float) -> None:
        message.hidden_until = until
        heapq.heappush(self.hidden, (until, next(self._numbers), message))

    def _return_expired(self) -> None:
        now = time.monotonic()
        while self.hidden and self.hidden[0][0] <= now:
            until, _, message = heapq.heappop(self.hidden)
            if message.hidden_until == until and message.id in self.messages:
                self._show(message)

    def _handed_out(self, message: Message, visibility_seconds: float) -> Message:
        message.received += 1
        message.received_at = time.monotonic()
        message.first_received_at = message.first_received_at or time.time()
        self._hide(message, message.received_at + visibility_seconds)
        return message

    def _is_buried(self, message: Message) -> bool:
        redrive = redrive_or_none(self.attributes)
        if redrive is None or message.received < redrive.receptions or not self.bury(redrive.dead_letter_arn, message):
            return False
        del self.messages[message.id]
        return True


def md5(text: bytes) -> str:
    # It proves that nothing was garbled on the way, which is all that SQS uses it for.
    return hashlib.md5(text, usedforsecurity=False).hexdigest()

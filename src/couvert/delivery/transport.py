"""The port every provider is reached through: a channel is reserved first, then one message is handed over on it.

What the provider says is a value, never an exception; `Unreachable` alone is raised, before anything is begun.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from couvert.domain.finding import Finding


@dataclass(frozen=True, slots=True)
class Message:
    """One complete mail for one recipient, ready to leave."""

    delivery_id: int
    attempt: int
    sender: str
    """Envelope sender: a bare address, ASCII unless its local part is not."""
    recipient: str
    """Envelope recipient, one address."""
    content: bytes
    """The RFC 5322 message, CRLF line ends, not dot-stuffed."""
    message_id: str
    """Its Message-ID, in angle brackets."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider took responsibility for the message."""

    provider_id: str
    """The provider's own id of the message; our Message-ID where it names none. Unique either way."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """The provider did not take it and said so, or provably got no complete message; it may be tried again."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take this message."""

    reason: str
    was_asked: bool = True
    """It said so itself; False if that was known without asking, which says nothing of the provider."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The complete message left, or may have left, and no answer says what became of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """Clearance was gone before the first byte (or the content) was written: this process sent nothing that counts."""

    reason: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider did not take it, for it has too much to do: that was no attempt, and we are to slow down."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The provider did not take it and would take nothing else of ours now: all wait until the operator, or midnight,
    has put it right. That was no attempt.
    """

    reason: str
    pause_seconds: float = 0.0
    """How long nothing at all is tried then."""
    is_of_sender: bool = False
    """It is this sender that is not taken; others may be."""


Outcome = Taken | TryLater | Refused | Unknown | Withheld | Throttled | Held


class Unreachable(Exception):
    """No channel could be opened; nothing was begun. The text says which peer, and why."""


class Clearance(Protocol):
    """The worker's word, asked immediately before each write that matters, by a monotonic clock."""

    def may_begin(self) -> bool:
        """Whether the first byte of this hand-over may still leave (5 s after *begun* was committed)."""

    def may_complete(self) -> bool:
        """Whether the content may still be written: the lease on the delivery is still held."""


class Channel(Protocol):
    """One reserved, live way to the provider, good for exactly one message."""

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        """Hand the message over and give the channel back, whatever the outcome; never raises but on cancellation."""

    def release(self) -> None:
        """Give the channel back unused."""


class Transport(Protocol):
    """A provider: sandbox, SMTP relay, SES."""

    name: str

    async def channel(self) -> Channel:
        """Wait for a free channel and reserve it. Raise `Unreachable` if none can be opened."""

    async def free_channel(self) -> Channel | None:
        """As `channel`, if one is at hand that needs no waiting and no opening; otherwise None."""

    async def rest(self) -> None:
        """Close idle channels; new ones are opened when they are wanted."""

    async def close(self) -> None:
        """As `rest`, for good: those in use close when they are given back, and no new one opens."""


class Surroundings(NamedTuple):
    """What this installation counts on, for a look at whether the provider knows it too."""

    senders: Sequence[str] = ()
    """Addresses that mail comes from or may come from; a domain, or `*.example.com`, means any address of it."""
    notice_topics: Collection[str] = ()
    """ARNs of the SNS topics whose notices are believed."""
    notice_url: str | None = None
    """Where notices are taken over HTTPS; None if nobody said how others reach us."""
    notice_queue: str | None = None
    """The SQS queue that notices are fetched from."""


@runtime_checkable
class Examined(Protocol):
    """A transport that has more to tell `couvert doctor` than that a channel opens."""

    async def examine(self, around: Surroundings) -> Sequence[Finding]:
        """Whatever may keep mail from leaving, each with what to do about it. Raise `Unreachable` if nobody answers."""

"""What is in the box: messages to webhooks, the attempts to tell them, and how far they are behind."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from couvert.domain.webhook_calls import GIVE_UP_AFTER_MS
from couvert.store.log import Position


class MessageState(IntEnum):
    WAITING = 0
    TOLD = 1
    FAILED = 2
    DROPPED = 3
    """Given up before its tries were, since its webhook had fallen too far behind."""


class Message(NamedTuple):
    webhook: int
    position: Position
    """Of the event; below 0 a trial, and when it was asked for."""
    created_at: int
    state: MessageState = MessageState.WAITING
    attempts: int = 0
    tries: int = 0
    """Attempts since it was last queued."""
    due_at: int | None = None
    give_up_at: int = 0


class Attempt(NamedTuple):
    number: int
    at: int
    milliseconds: int
    status: int | None
    """None without an answer."""
    error: str | None
    """Why there is no answer."""
    excerpt: str | None
    """The beginning of the answer's body."""


class Backlog(NamedTuple):
    waiting: int
    """Messages that nobody has taken yet."""
    oldest_at: int | None
    """When the oldest of them was queued."""
    dropped: int
    """Those that were given up for being too many or too old, as long as they are kept."""


class ListedAttempt(NamedTuple):
    id: int
    position: Position
    attempt: Attempt
    state: MessageState
    """Of its message, now."""
    due_at: int | None


def queued(webhook: int, position: Position, now: int) -> Message:
    return Message(webhook, position, now, due_at=now, give_up_at=now + GIVE_UP_AFTER_MS)

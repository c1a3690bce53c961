"""What notices say: one recipient's fate each, of a message that they name in one way or another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from couvert.domain import ids, tags
from couvert.domain.delivery_events import Bounced, Complained, Confirmed, Delayed, Delivered

NoticeEvent = Confirmed | Delayed | Delivered | Bounced | Complained
BounceKind = Literal["hard", "soft", "undetermined", "rejected"]
LONGEST_WORDS: Final = 2_000

_OF_CONTENT: Final = frozenset({"ContentRejected", "AttachmentRejected", "MessageTooLarge"})
_BY_POLICY: Final = ("5.7.", "4.7.", "5.6.", "4.6.", "5.3.4", "5.2.3")
"""Enhanced status codes (RFC 3463): security and policy, content, and a message that is too large."""


class Unreadable(ValueError):
    """It is no notice of a form that we know; says why."""


class OtherKind(Exception):
    """A notice that says nothing of what became of a mail: an open, a click, a kind that came after this was written.

    Its text names the kind.
    """


class Subject(NamedTuple):
    """Which message a notice is about: whatever names it, the surest first."""

    tagged: tuple[int, int] | None = None
    """Delivery and attempt, by our own tags."""
    delivery_id: int | None = None
    """By our Message-ID, which is the same for every attempt."""
    provider_id: str | None = None

    @property
    def is_named_by_provider_alone(self) -> bool:
        return self.tagged is None and self.delivery_id is None and self.provider_id is not None


@dataclass(frozen=True, slots=True)
class Statement:
    """One recipient's fate."""

    subject: Subject
    recipient: str | None
    """The address as the provider has it; None if it names none."""
    kind: Literal["confirmed", "delayed", "delivered", "bounced", "complained"]
    bounce: BounceKind = "undetermined"
    words: str | None = None
    """The provider's own. Two statements that are alike, words included, are one."""

    def event(self, attempt: int) -> NoticeEvent:
        match self.kind:
            case "confirmed":
                return Confirmed(attempt, self.subject.provider_id or "")
            case "delayed":
                return Delayed(attempt)
            case "delivered":
                return Delivered(attempt)
            case "bounced":
                return Bounced(attempt, self.bounce)
            case "complained":
                return Complained(attempt)


def bounce_kind(kind: BounceKind, subkind: str, status: str | None, diagnosis: str | None) -> BounceKind:
    """Who rejects the content, or the sender, says nothing about the recipient's address."""
    is_rejected = subkind in _OF_CONTENT or (status or "").startswith(_BY_POLICY)
    if not is_rejected and status in {None, "5.0.0", "5.5.0"}:
        is_rejected = any(f" {code}" in f" {diagnosis or ''}" for code in _BY_POLICY)
    return "rejected" if is_rejected else kind


def delivery_named(message_id: str) -> int | None:
    """The delivery that a Message-ID of ours names, `<dlv_0j3q5r2f4g001@example.com>`."""
    return ids.decode(tags.PREFIX, message_id.strip().removeprefix("<").partition("@")[0])

"""A suppression keeps mail from an address: what causes it, what ends it, and when it is in force.

Hard bounces and complaints suppress at once, soft bounces after a number in a row. What was refused for its content or
by a policy says nothing about the address, and never does. Events hold no address: that is in the row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple, assert_never, get_args

from couvert.domain import ids
from couvert.domain.delivery_events import Bounced, Complained, Delivered, DeliveryEvent, Reason, Suppressed
from couvert.domain.refusals import NotFound, Refusal, RuleBroken

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
MARK_BYTES: Final = 16


class Suppression(NamedTuple):
    """A suppression's state. Times are milliseconds since 1970."""

    id: int
    address: str
    """As it was written; empty once the suppression has ended."""
    reason: Reason
    delivery: int | None
    """The one that bounced or was complained about."""
    user: int | None
    """Who entered it, if it was a person with a token."""
    created_at: int
    expires_at: int | None
    is_active: bool
    """Neither removed nor recorded as expired."""


@dataclass(frozen=True, slots=True)
class SuppressionAdded:
    reason: Reason
    delivery: int | None
    user: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class SuppressionChanged:
    """Replaced by hand, or overtaken by a cause that lasts longer."""

    reason: Reason
    delivery: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class SuppressionRemoved:
    """Somebody decided so."""


@dataclass(frozen=True, slots=True)
class SuppressionExpired:
    """Recorded at its end or later: it was in force no longer than that."""


SuppressionEvent = SuppressionAdded | SuppressionChanged | SuppressionRemoved | SuppressionExpired


class RecipientSuppressed(Refusal):
    """Of the store, to the command that would begin an attempt; nobody further ever hears of it."""

    code = "conflict"

    def __init__(self, suppression: int, reason: Reason) -> None:
        super().__init__(f"the recipient is suppressed: {reason.replace('_', ' ')}, {ids.encode('sup', suppression)}")
        self.event = Suppressed(suppression, reason)


class Consequence(NamedTuple):
    """What an event of a delivery means for its recipient's address."""

    reason: Reason | None
    """Why it is suppressed from now on, if it is."""
    soft_bounces: int
    """In a row, from now on."""


def mark_of(address: str) -> bytes:
    """What an address is found by: the same however its letters are written, since mailboxes hardly ever differ so."""
    return blake2b(address.lower().encode("utf-8", "replace"), digest_size=MARK_BYTES).digest()


def blank(suppression_id: int, address: str = "") -> Suppression:
    """Before its first event."""
    return Suppression(suppression_id, address, "manual", None, None, 0, None, is_active=False)


def evolve(suppression: Suppression, event: SuppressionEvent, at: int) -> Suppression:
    """The suppression after the event, which happened at `at`."""
    match event:
        case SuppressionAdded(reason, delivery, user, expires_at):
            return suppression._replace(
                reason=reason, delivery=delivery, user=user, created_at=at, expires_at=expires_at, is_active=True
            )
        case SuppressionChanged(reason, delivery, expires_at):
            return suppression._replace(reason=reason, delivery=delivery, expires_at=expires_at)
        case SuppressionRemoved() | SuppressionExpired():
            return suppression._replace(address="", is_active=False)
        case _:
            assert_never(event)


def is_in_force(suppression: Suppression | None, now: int) -> bool:
    """Whether mail is kept from the address now; it ends by itself, recorded or not."""
    return suppression is not None and suppression.is_active and not _is_over(suppression, now)


# --- What is decided --------------------------------------------------------------------------------------------------


def heard(event: DeliveryEvent, before: Sequence[object], soft_bounces: int, most_soft_bounces: int) -> Consequence:
    """`before`: what this delivery was told so far, since providers say things twice. `most_soft_bounces`: 0 is never.

    Only a delivered mail ends a row of soft bounces. That a provider took one does not: it takes each that bounces.
    """
    if event in before:
        return Consequence(None, soft_bounces)
    match event:
        case Bounced(kind="hard"):
            return Consequence("hard_bounce", soft_bounces)
        case Complained():
            return Consequence("complaint", soft_bounces)
        case Bounced(kind="soft") if most_soft_bounces and soft_bounces + 1 >= most_soft_bounces:
            return Consequence("soft_bounces", 0)
        case Bounced(kind="soft"):
            return Consequence(None, soft_bounces + 1)
        case Delivered():
            return Consequence(None, 0)
        case _:
            return Consequence(None, soft_bounces)


def cause(
    suppression: Suppression | None, reason: Reason, delivery: int
) -> SuppressionAdded | SuppressionChanged | None:
    """By what was heard of a delivery; `suppression`: the one in force. None if it lasts as long already."""
    if suppression is None:
        return SuppressionAdded(reason, delivery, None, None)
    return None if suppression.expires_at is None else SuppressionChanged(reason, delivery, None)


def replace(
    suppression: Suppression, reason: Reason | None, expires_at: int | None, now: int
) -> SuppressionChanged | None:
    """By hand; a reason of None stays as it is, the delivery too unless another reason is given."""
    reason = reason or suppression.reason
    if (reason, expires_at) == (suppression.reason, suppression.expires_at):
        return None
    check_expiry(expires_at, now)
    return SuppressionChanged(reason, suppression.delivery if reason == suppression.reason else None, expires_at)


def expire(suppression: Suppression, now: int) -> SuppressionExpired | None:
    return SuppressionExpired() if suppression.is_active and _is_over(suppression, now) else None


def check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is not None and expires_at <= now:
        raise RuleBroken("expires_at is in the past; give a later time, or none for a suppression that does not end")


def existing(suppression: Suppression | None, now: int) -> Suppression:
    """Raises `NotFound`, also for one that has ended."""
    if suppression is None or not is_in_force(suppression, now):
        raise NotFound("The suppression does not exist, or has ended.")
    return suppression


def _is_over(suppression: Suppression, now: int) -> bool:
    return suppression.expires_at is not None and suppression.expires_at <= now

"""What the log says about mails and deliveries, folded for whoever reads: pure, a batch of events at a time."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple, TypeGuard, get_args

from couvert.domain.delivery import Delivery, State, evolve
from couvert.domain.delivery_events import (
    Bounced,
    Complained,
    Confirmed,
    Deferred,
    Delayed,
    DeliveryEvent,
    Failed,
    OutcomeUnknown,
    Released,
    Requeued,
    ResolvedAsSent,
    Sent,
    Suppressed,
)
from couvert.domain.mail import MailAccepted, born
from couvert.store.log import Event, Position

Heard = tuple[Position, int, DeliveryEvent]
"""One event of a delivery: its position, when it happened, and what."""
Counts = dict[State, int]
"""How many deliveries are in each state; all ten are there."""

_TOLD_WORSE: Final = frozenset({State.BOUNCED, State.COMPLAINED})
_DELIVERY_EVENTS: Final = frozenset(get_args(DeliveryEvent))


class Status(StrEnum):
    """A mail's: queued until every recipient has an outcome (unknown is one), then done, or cancelled if all are."""

    QUEUED = "queued"
    DONE = "done"
    CANCELLED = "cancelled"


class FollowedDelivery(NamedTuple):
    """A delivery, and what its events told besides its state."""

    delivery: Delivery
    queued_at: int
    """When it was accepted, or last queued again by somebody's decision."""
    sent_at: int | None
    provider_message_id: str | None
    error_position: Position | None
    """Of the last event that tells of trouble: the provider's words, if it had any, lie in the vault under it."""
    releases: int
    """How many attempts ended with nothing sent for a reason that lay elsewhere; those were none."""
    position: Position
    """Of its last event, 0 before the first."""

    @property
    def attempts(self) -> int:
        return self.delivery.attempt - self.releases


class FollowedMail(NamedTuple):
    mail_id: int
    accepted: MailAccepted
    accepted_at: int
    counts: Counts
    position: Position
    """Of the last event of the mail or one of its deliveries."""

    @property
    def status(self) -> Status:
        if self.counts[State.QUEUED]:
            return Status.QUEUED
        return Status.CANCELLED if self.counts[State.CANCELLED] == self.accepted.count else Status.DONE


def is_delivery_event(event: Event) -> TypeGuard[DeliveryEvent]:
    return type(event) in _DELIVERY_EVENTS


def accepted_mail(mail_id: int, accepted: MailAccepted, *, at: int, position: Position) -> FollowedMail:
    """All its deliveries wait."""
    counts = dict.fromkeys(State, 0) | {State.QUEUED: accepted.count}
    return FollowedMail(mail_id, accepted, at, counts, position)


def born_delivery(mail: FollowedMail, n: int) -> FollowedDelivery:
    """Recipient n's, before anything happened to it alone."""
    return FollowedDelivery(born(mail.mail_id, n, mail.accepted), mail.accepted_at, None, None, None, 0, 0)


def followed(before: FollowedDelivery, history: Iterable[Heard]) -> FollowedDelivery:
    """The delivery after these events, oldest first."""
    delivery, queued_at, sent_at, provider_message_id, error_position, releases, position = before
    for position, at, event in history:
        match event:
            case Sent():
                sent_at, provider_message_id = at, event.provider_id
            case Confirmed():
                # Our own record of the hand-over, if it comes, knows better.
                sent_at, provider_message_id = sent_at or at, provider_message_id or event.provider_id
            case ResolvedAsSent():
                sent_at = sent_at or at  # nobody knows better
            case Requeued():
                queued_at = at
            case Released():
                releases += 1
            case Failed(cause="not_taken_in_time") if not delivery.is_begun:
                pass  # no provider said this: the words of its last deferral still tell why
            case Delayed() if delivery.state in _TOLD_WORSE:
                pass  # notices come in any order: why it came back is what counts
            case Delayed() | Deferred() | Failed() | OutcomeUnknown() | Bounced() | Complained() | Suppressed():
                error_position = position
            case _:
                pass
        delivery = evolve(delivery, event)
    return FollowedDelivery(delivery, queued_at, sent_at, provider_message_id, error_position, releases, position)


def counted(mail: FollowedMail, moves: Iterable[tuple[FollowedDelivery, FollowedDelivery]]) -> FollowedMail:
    """The mail after its deliveries moved, each from one state to another: whatever happens, the counts add up."""
    counts, position = mail.counts.copy(), mail.position
    for before, after in moves:
        counts[before.delivery.state] -= 1
        counts[after.delivery.state] += 1
        position = max(position, after.position)
    return mail._replace(counts=counts, position=position)

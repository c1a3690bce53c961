"""What somebody may decide about a delivery by hand: stop it, try it again, say what became of an unknown one."""

from __future__ import annotations

from typing import Literal

from couvert.domain import retry
from couvert.domain.delivery import Delivery, State, has_expired
from couvert.domain.delivery_events import Cancelled, Requeued, ResolvedAsSent

UnknownDecision = Literal["resend", "sent"]


def cancel(delivery: Delivery) -> Cancelled | None:
    """*Cancelled* if it waits; an attempt that is under way cannot be taken back."""
    return Cancelled() if delivery.state is State.QUEUED and not delivery.is_begun else None


def try_again(
    delivery: Delivery, now: int, unknown: UnknownDecision | None, *, suppressed: bool = False
) -> Requeued | ResolvedAsSent | None:
    """What failed is queued again, what is unknown as it was decided, what was suppressed if that was asked for; None
    for the rest, and for what has expired. Who is suppressed still, or again, is stopped when the attempt begins.
    """
    match delivery.state:
        case State.FAILED:
            return _requeued(delivery, now)
        case State.SUPPRESSED if suppressed:
            return _requeued(delivery, now)
        case State.UNKNOWN if unknown is not None:
            return resolve(delivery, now, unknown)
        case _:
            return None


def resolve(delivery: Delivery, now: int, decision: UnknownDecision) -> Requeued | ResolvedAsSent | None:
    """The end of an unknown attempt, by decision; None if it is not unknown, or can no longer be sent."""
    if delivery.state is not State.UNKNOWN:
        return None
    return ResolvedAsSent(delivery.attempt) if decision == "sent" else _requeued(delivery, now)


def _requeued(delivery: Delivery, now: int) -> Requeued | None:
    """With a day of its own: what failed had used its first one up. The mail's expiry stands."""
    if has_expired(delivery, now):
        return None
    return Requeued(now, "operator", now + retry.GIVE_UP_AFTER_MS)

"""A delivery is one mail on its way to one recipient: its states, what its events leave, and what may follow what.

Order of states: queued < unknown < sent < delivered < bounced < complained; the provider's notices only move it
forward. failed, suppressed, cancelled and expired are left only by a retry.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, NamedTuple, assert_never

from couvert.domain import retry
from couvert.domain.delivery_events import (
    Begun,
    Bounced,
    Cancelled,
    Complained,
    Confirmed,
    Deferred,
    Delayed,
    Delivered,
    DeliveryEvent,
    Expired,
    Failed,
    OutcomeUnknown,
    Released,
    Requeued,
    ResolvedAsSent,
    Sent,
    Suppressed,
)


class State(StrEnum):
    QUEUED = "queued"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN: Final = frozenset({State.QUEUED, State.UNKNOWN})
"""States that an attempt's outcome may still decide."""
_RANK: Final = {
    State.QUEUED: 0, State.UNKNOWN: 1, State.SENT: 2, State.DELIVERED: 3, State.BOUNCED: 4, State.COMPLAINED: 5,
    # A mail that was refused may still turn out to have been sent by an earlier attempt; nothing else moves these.
    State.FAILED: 1, State.SUPPRESSED: 1, State.CANCELLED: 1, State.EXPIRED: 1,
}  # fmt: skip

UnknownPolicy = Literal["hold", "resend"]


class Delivery(NamedTuple):
    """A delivery's state, as its events leave it. Times are milliseconds since 1970."""

    id: int
    mail_id: int
    state: State
    attempt: int
    """The number of the last attempt that was begun, 0 before the first."""
    is_begun: bool
    """The last attempt is begun and nothing is known of its end."""
    deferrals: int
    is_resent: bool
    """An unknown outcome was once answered by sending again; the next one is held."""
    due_at: int | None
    """When the next attempt may begin; None unless it waits for one."""
    expires_at: int | None
    give_up_at: int
    priority: int
    poster: int
    """The API key or user that posted the mail, 0 if it was none of them: posters share the pace fairly."""


# --- What an event leaves ---------------------------------------------------------------------------------------------


def evolve(delivery: Delivery, event: DeliveryEvent) -> Delivery:
    """The state after the event. Total: every event of the log folds, in whatever order notices arrived."""
    match event:
        case Begun(attempt):
            return delivery._replace(attempt=attempt, is_begun=True, due_at=None)
        case Released() | Deferred() | Failed() | OutcomeUnknown() if event.attempt != delivery.attempt:
            return delivery  # how an older attempt ended says nothing of the one that followed it
        case Released(_, due_at):
            return _back_in_queue(delivery, due_at)
        case Deferred(_, due_at):
            return _back_in_queue(delivery._replace(deferrals=delivery.deferrals + 1), due_at)
        case Sent(attempt):
            # Taken is taken, whichever attempt it was; a newer one that is under way has still to report.
            return _forward(delivery, State.SENT)._replace(is_begun=delivery.is_begun and attempt != delivery.attempt)
        case Failed():
            return _decided(delivery, State.FAILED)
        case OutcomeUnknown():
            # Said late or said twice, it does not undo the decision to send again.
            return _decided(delivery, State.UNKNOWN) if delivery.is_begun else delivery
        case Requeued():
            return _requeued(delivery, event)
        case Confirmed() | Delayed():
            return _forward(delivery, State.SENT)
        case Delivered():
            return _forward(delivery, State.DELIVERED)
        case Bounced():
            return _forward(delivery, State.BOUNCED)
        case Complained():
            return _forward(delivery, State.COMPLAINED)
        case Expired():
            return delivery._replace(state=State.EXPIRED, due_at=None)
        case Cancelled():
            return delivery._replace(state=State.CANCELLED, due_at=None)
        case ResolvedAsSent():
            return _forward(delivery, State.SENT)
        case Suppressed():
            return delivery._replace(state=State.SUPPRESSED, due_at=None)
        case _:
            assert_never(event)


def _requeued(delivery: Delivery, event: Requeued) -> Delivery:
    """By somebody's decision it begins anew, with its pauses too; the policy only repeats an attempt."""
    return delivery._replace(
        state=State.QUEUED,
        is_begun=False,
        is_resent=True,
        due_at=event.due_at,
        give_up_at=delivery.give_up_at if event.give_up_at is None else event.give_up_at,
        deferrals=0 if event.by == "operator" else delivery.deferrals,
    )


def _forward(delivery: Delivery, state: State) -> Delivery:
    if _RANK[state] <= _RANK[delivery.state]:
        return delivery
    return delivery._replace(state=state, due_at=None)


def _decided(delivery: Delivery, state: State) -> Delivery:
    """The last attempt is over; what a notice has said meanwhile stays."""
    over = delivery._replace(is_begun=False)
    return over._replace(state=state, due_at=None) if delivery.state in OPEN else over


def _back_in_queue(delivery: Delivery, due_at: int) -> Delivery:
    """Nothing was taken: it waits again, also if it was unknown meanwhile; but not if a notice knows better."""
    over = delivery._replace(is_begun=False)
    return over._replace(state=State.QUEUED, due_at=due_at) if delivery.state in OPEN else over


# --- What is decided --------------------------------------------------------------------------------------------------


def begin(delivery: Delivery, now: int) -> DeliveryEvent | None:
    """*Begun* if an attempt may start now, the end of the delivery if its time is over, None if it is not waiting."""
    if delivery.state is not State.QUEUED or delivery.is_begun:
        return None
    if has_expired(delivery, now):
        return Expired()
    if now >= delivery.give_up_at:
        return Failed(delivery.attempt, "not_taken_in_time")
    return Begun(delivery.attempt + 1)


def defer(delivery: Delivery, attempt: int, now: int, after_seconds: float | None, chance: float) -> DeliveryEvent:
    """*Deferred* until a jittered time; no later than the expiry, and *Failed* once nothing is left of the 24 hours."""
    due_at = retry.next_due(
        now=now, deferrals=delivery.deferrals + 1, after_seconds=after_seconds, chance=chance
    )  # fmt: skip
    if due_at >= delivery.give_up_at:
        return Failed(attempt, "not_taken_in_time")
    if delivery.expires_at is not None:
        due_at = min(due_at, max(delivery.expires_at, now))
    return Deferred(attempt, due_at)


def release(delivery: Delivery, attempt: int, now: int, pause_ms: int = 0) -> Released:
    """*Released*: nothing was sent for a reason that lies elsewhere. Due after the pause, but no later than expiry."""
    due_at = now + pause_ms
    if delivery.expires_at is not None:
        due_at = min(due_at, max(delivery.expires_at, now))
    return Released(attempt, due_at)


def lose(delivery: Delivery, attempt: int, now: int, policy: UnknownPolicy) -> list[DeliveryEvent]:
    """An attempt whose end nobody saw: unknown, and sent again if the policy says so, once per delivery and in time.

    Too late for another attempt, it would end as failed or expired, which nobody knows to be true.
    """
    events: list[DeliveryEvent] = [OutcomeUnknown(attempt)]
    is_undecided = delivery.is_begun and delivery.state in OPEN and attempt == delivery.attempt
    is_over = now >= delivery.give_up_at or has_expired(delivery, now)
    if policy == "resend" and is_undecided and not delivery.is_resent and not is_over:
        events.append(Requeued(now, "policy"))
    return events


def has_begun(delivery: Delivery, attempt: int) -> bool:
    """Whether an outcome of this attempt is believable: it was begun, now or earlier."""
    return 1 <= attempt <= delivery.attempt


def has_expired(delivery: Delivery, now: int) -> bool:
    return delivery.expires_at is not None and now >= delivery.expires_at

"""Deliveries for the tests of the domain, and every event there is."""

from typing import Any, get_args

from hypothesis import strategies as st

from couvert.domain.delivery import Delivery, State
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
)

NOW = 1_800_000_000_000
DAY = 24 * 3_600_000
BY_NOTICE = (State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED)
"""What only evidence leads to: a message that was taken stays taken."""


def waiting(**changes: Any) -> Delivery:
    """A delivery that was accepted now and is due at once."""
    delivery = Delivery(
        id=101, mail_id=100, state=State.QUEUED, attempt=0, is_begun=False, deferrals=0, is_resent=False, due_at=NOW,
        expires_at=None, give_up_at=NOW + DAY, priority=0, poster=0,
    )  # fmt: skip
    return delivery._replace(**changes)


def begun(attempt: int = 1, **changes: Any) -> Delivery:
    """One whose message may be leaving right now."""
    return waiting(attempt=attempt, is_begun=True, due_at=None, **changes)


times = st.integers(NOW - DAY, NOW + 3 * DAY)
attempts = st.integers(1, 4)
kinds = st.sampled_from(["hard", "soft", "undetermined", "rejected"])
notices = st.one_of(
    st.builds(Delivered, attempts), st.builds(Bounced, attempts, kinds), st.builds(Complained, attempts),
    st.builds(Confirmed, attempts, st.just("ses-1")), st.builds(Delayed, attempts),
)  # fmt: skip
events: st.SearchStrategy[DeliveryEvent] = st.one_of(
    notices,
    st.builds(Begun, attempts),
    st.builds(Released, attempts, times),
    st.builds(Deferred, attempts, times),
    st.builds(Sent, attempts, st.text(max_size=3)),
    st.builds(Failed, attempts, st.sampled_from(["refused", "not_taken_in_time", "unsendable"])),
    st.builds(OutcomeUnknown, attempts),
    st.builds(Requeued, times, st.sampled_from(["policy", "operator"]), st.none() | times),
    st.just(Expired()),
    st.just(Cancelled()),
    st.builds(ResolvedAsSent, attempts),
)

EVERY_EVENT = get_args(DeliveryEvent)

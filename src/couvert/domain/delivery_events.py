"""What happens to a delivery, as the log keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["hard_bounce", "soft_bounces", "complaint", "manual"]
"""Why mail is kept from an address."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Committed before the first byte of an attempt leaves."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Released:
    """A begun attempt ended with nothing sent; the recipient is taken up again."""

    attempt: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Deferred:
    """The provider said *later*."""

    attempt: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message."""

    attempt: int
    provider_id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider refused it, nobody took it in time, or there was nothing to send: then no attempt was begun."""

    attempt: int
    cause: Literal["refused", "not_taken_in_time", "unsendable"]


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The message may have been taken; nobody here can tell."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Requeued:
    """Somebody decided that it is to be sent (again)."""

    due_at: int
    by: Literal["policy", "operator"]
    give_up_at: int | None = None
    """Until when it is tried from now on; None: as before."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider says the recipient's server took it."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Bounced:
    """The provider says it came back."""

    attempt: int
    kind: Literal["hard", "soft", "undetermined", "rejected"]
    """Rejected: for its content, or by a policy; that says nothing about the address."""


@dataclass(frozen=True, slots=True)
class Complained:
    """The provider says the recipient reported it as spam."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The provider says it took the message; for an attempt whose own record says nothing of that, or not yet."""

    attempt: int
    provider_id: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """The provider says the recipient's server did not take it yet, and goes on trying. So the provider has it: where
    nobody knew, it was sent; otherwise this is for the timeline alone.
    """

    attempt: int


@dataclass(frozen=True, slots=True)
class Expired:
    """Its mail's expiry passed before an attempt was begun."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody stopped it before an attempt was under way."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Not begun, since its recipient was suppressed."""

    suppression: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class ResolvedAsSent:
    """Somebody decided that the attempt, whose end nobody saw, was taken."""

    attempt: int


DeliveryEvent = (
    Begun | Released | Deferred | Sent | Failed | OutcomeUnknown | Requeued | Delivered | Bounced | Complained | Expired
    | Cancelled | ResolvedAsSent | Suppressed | Confirmed | Delayed
)  # fmt: skip

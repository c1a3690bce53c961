"""What goes wrong on demand: each fault with a probability, or for the next so many calls."""

from __future__ import annotations

import random
from typing import Annotated, Literal

import msgspec

Kind = Literal[
    "delivery",
    "bounce",
    "soft_bounce",
    "complaint",
    "delay",
    "reject",
    "rendering_failure",
    "out_of_office",
    "suppressed",
    "none",
]
"""What becomes of a recipient."""
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


class Chance(msgspec.Struct, forbid_unknown_fields=True):
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    next: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The next so many, whatever the probability; counts down."""

    def strikes(self) -> bool:
        if self.next:
            self.next -= 1
            return True
        # Nothing is guarded by it: these dice decide which call fails.
        return self.probability > 0 and random.random() < self.probability  # noqa: S311


class ErrorFault(Chance, forbid_unknown_fields=True):
    """Another answer than 200: by its status, or by its type and words."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    type: str | None = None
    message: str = ""
    accepts: bool = False
    """The mail was taken all the same."""


class NoticeFaults(msgspec.Struct, forbid_unknown_fields=True):
    off: bool = False
    after_ms: Annotated[int, msgspec.Meta(ge=0)] = 0
    """How long after the mail was taken each comes."""
    late_ms: Annotated[int, msgspec.Meta(ge=0)] = 0
    late: Chance = msgspec.field(default_factory=Chance)
    """Which notices come `late_ms` later than the others."""
    duplicate: Chance = msgspec.field(default_factory=Chance)
    shuffle: bool = False
    """They leave in random order, within `shuffle_ms`."""
    shuffle_ms: Annotated[int, msgspec.Meta(ge=0)] = 500
    bad_signature: Chance = msgspec.field(default_factory=Chance)
    together: bool = False
    """The recipients of a mail to whom the same happened share one notice."""
    stranger: Chance = msgspec.field(default_factory=Chance)
    """A recipient that the mail never had is named beside the others, as when somebody forwards mail."""


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """All that can be set; what is absent is as it was at the start, and no fault."""

    rate: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Recipients per second."""
    burst: Annotated[float, msgspec.Meta(ge=1)] | None = None
    daily_quota: Annotated[float, msgspec.Meta(ge=-1)] | None = None
    """Recipients in 24 hours; -1: no end."""
    quota_error: Literal["LimitExceededException", "TooManyRequestsException"] = "LimitExceededException"
    account_unreadable: bool = False
    """GetAccount is answered with AccessDeniedException."""
    denied: list[str] = []
    """Rights that the caller does not have, as policies name them: `ses:GetConfigurationSet`."""
    slow_ms: NotNegative = 0
    slow_jitter_ms: NotNegative = 0
    slow: Chance = msgspec.field(default_factory=lambda: Chance(probability=1))
    """Which answers are slow, once `slow_ms` is set."""
    cut_before_body: Chance = msgspec.field(default_factory=Chance)
    cut_after_body: Chance = msgspec.field(default_factory=Chance)
    idle_seconds: NotNegative = 0
    """Connections on which nothing was asked for so long are closed; 0: never."""
    lose_answer: Chance = msgspec.field(default_factory=Chance)
    """The mail is taken, and the connection cut in place of the 200."""
    errors: list[ErrorFault] = []
    sandbox: bool = False
    """The account is new: recipients must be verified as senders must."""
    paused: bool = False
    suspended: bool = False
    mail_from_unverified: bool = False
    outcomes: dict[str, Kind] = {}
    """By address, or by `@domain`."""
    notices: NoticeFaults = msgspec.field(default_factory=NoticeFaults)

    def slowness_seconds(self) -> float:
        if not (self.slow_ms or self.slow_jitter_ms) or not self.slow.strikes():
            return 0.0
        return (self.slow_ms + random.uniform(0, self.slow_jitter_ms)) / 1000  # noqa: S311 - as above

    def error(self) -> ErrorFault | None:
        return next((fault for fault in self.errors if fault.strikes()), None)

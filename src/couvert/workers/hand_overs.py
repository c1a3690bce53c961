"""How hand-overs ended, and how long the provider took, counted for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import structlog

from couvert.delivery.transport import Held, Message, Outcome, Refused, Taken, Throttled, TryLater, Unknown, Withheld
from couvert.tallies import Histogram, Tally

CLASSES: Final[dict[type[Outcome], str]] = {
    Taken: "taken",
    TryLater: "later",
    Refused: "refused",
    Unknown: "unknown",
    Withheld: "withheld",
    Throttled: "throttled",
    Held: "held",
}

log = structlog.get_logger()


@dataclass(slots=True)
class HandOvers:
    transport: str
    outcomes: Tally = field(default_factory=Tally)
    """By transport and class."""
    seconds: Histogram = field(default_factory=Histogram)

    def __post_init__(self) -> None:
        # What has never happened is 0, so that whoever watches sees it happen the first time.
        self.outcomes.update({(self.transport, name): 0 for name in CLASSES.values()})

    def ended(self, message: Message, outcome: Outcome, seconds: float) -> None:
        # A class that is not listed must not cost the outcome itself.
        name = CLASSES.get(type(outcome)) or type(outcome).__name__.lower()
        self.outcomes[self.transport, name] += 1
        self.seconds.observe(seconds)
        # The timeline has the provider's words; here they could name people. A line costs 15 us: most mails are taken.
        tell = log.debug if name == "taken" else log.info
        tell("attempt", delivery=message.delivery_id, attempt=message.attempt, outcome=name)

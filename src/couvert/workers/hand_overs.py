"""How hand-overs ended, and how long the provider took, counted for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from couvert.delivery.transport import Outcome, Refused, Taken, TryLater, Unknown, Withheld
from couvert.tallies import Histogram, Tally

CLASSES: Final[dict[type[Outcome], str]] = {
    Taken: "taken",
    TryLater: "later",
    Refused: "refused",
    Unknown: "unknown",
    Withheld: "withheld",
}


@dataclass(slots=True)
class HandOvers:
    transport: str
    outcomes: Tally = field(default_factory=Tally)
    """By transport and class."""
    seconds: Histogram = field(default_factory=Histogram)

    def ended(self, outcome: Outcome, seconds: float) -> None:
        self.outcomes[self.transport, CLASSES[type(outcome)]] += 1
        self.seconds.observe(seconds)

"""What an audit found: totals, and its faults as sentences, the first of them kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from couvert.domain.delivery import State
from couvert.readmodels.folds import Counts
from couvert.store.log import Position

MOST_KEPT: Final = 100
"""A lost table is a million faults; the first hundred tell as much, and memory stays bounded."""


@dataclass(slots=True)
class Faults:
    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        self.count += 1
        if len(self.first) < MOST_KEPT:
            self.first.append(sentence)


@dataclass(slots=True)
class AuditReport:
    """Filled as the audit goes along, all of one moment."""

    position: Position = 0
    """Of the last event of the log at that moment."""
    events: int = 0
    mails: int = 0
    deliveries: int = 0
    """Accepted recipients; the counts per state, each of which was folded from the log, add up to it."""
    counts: Counts = field(default_factory=lambda: dict.fromkeys(State, 0))
    read_models: Position | None = None
    """Up to where the read models were compared too; None if there are none that could be."""
    faults: Faults = field(default_factory=Faults)
    seconds: float = 0.0

    @property
    def is_sound(self) -> bool:
        return not self.faults.count

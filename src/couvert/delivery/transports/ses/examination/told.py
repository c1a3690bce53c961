"""What is asked, of whom, and what was found so far: handed from one look to the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from couvert.delivery.aws import Aws
from couvert.delivery.transport import Surroundings
from couvert.delivery.transports.ses.options import SesOptions
from couvert.domain.finding import Finding, note, well, wrong


@dataclass(slots=True)
class Told:
    aws: Aws
    options: SesOptions
    around: Surroundings
    reach: Callable[[], Awaitable[None]]
    findings: list[Finding] = field(default_factory=list)
    default_sets: set[str] = field(default_factory=set)
    """Configuration sets that identities of our senders use where a call names none."""
    topics: set[str] = field(default_factory=set)
    """ARNs of the SNS topics to which SES publishes what becomes of our mail."""

    def well(self, subject: str, sentence: str) -> None:
        self.findings.append(well(subject, sentence))

    def note(self, subject: str, sentence: str) -> None:
        self.findings.append(note(subject, sentence))

    def wrong(self, subject: str, sentence: str) -> None:
        self.findings.append(wrong(subject, sentence))

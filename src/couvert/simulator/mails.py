"""What was taken: every mail, how often each recipient got one, and how many in which second."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from couvert.simulator.ses.letter import Letter

KEPT_BY_DEFAULT: Final = 100_000


@dataclass(slots=True)
class Mail:
    message_id: str
    taken_at: float
    """Seconds since 1970."""
    sender: str
    recipients: list[str]
    tags: dict[str, str]
    configuration_set: str | None
    tenant: str | None
    letter: Letter | None
    """None once so many came after it that it is no longer kept."""


@dataclass
class Mails:
    kept: int = KEPT_BY_DEFAULT
    taken: list[Mail] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)
    _with_letter: deque[Mail] = field(default_factory=deque)

    def add(self, mail: Mail) -> None:
        self.taken.append(mail)
        self.copies.update(mail.recipients)
        self._with_letter.append(mail)
        if len(self._with_letter) > self.kept:
            self._with_letter.popleft().letter = None


@dataclass
class Rates:
    """When how many recipients were asked for, and passed the bucket."""

    asked: list[tuple[float, int]] = field(default_factory=list)
    passed: list[tuple[float, int]] = field(default_factory=list)

    def note(self, recipients: int, now: float, *, passes: bool) -> None:
        self.asked.append((now, recipients))
        if passes:
            self.passed.append((now, recipients))


def by_second(times: list[tuple[float, int]]) -> dict[int, int]:
    seconds: Counter[int] = Counter()
    for at, recipients in times:
        seconds[int(at)] += recipients
    return dict(seconds)


def most_in_any_second(times: list[tuple[float, int]]) -> int:
    """Over every window of one second, wherever it begins."""
    most = total = first = 0
    for at, recipients in times:
        total += recipients
        while times[first][0] <= at - 1:
            total -= times[first][1]
            first += 1
        most = max(most, total)
    return most

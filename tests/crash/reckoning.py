"""What an ordeal came to: everybody who was accepted, as the database has it, beside what the provider took."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from couvert.domain.delivery import State
from tests.crash.ledger import Entry
from tests.crash.load import domain

FATES: Mapping[str, tuple[str, State]] = {
    domain(0): ("bounce", State.BOUNCED),
    domain(1): ("complaint", State.COMPLAINED),
    domain(2): ("soft_bounce", State.BOUNCED),
    domain(3): ("delay", State.DELIVERED),
}
"""What the provider does with mails to whom, and the state that they have to end in; all others are delivered."""


@dataclass
class Reckoning:
    kills: Counter[str] = field(default_factory=Counter)
    """By what was going on."""
    audits: int = 0
    faults: list[str] = field(default_factory=list)
    """What audits said, after whichever kill."""
    accepted: int = 0
    promised: int = 0
    """Recipients of mails that were answered with 200, and of messages that the bulk queue took."""
    lost: set[str] = field(default_factory=set)
    """Promised, and not there; or neither taken by the provider nor held as unknown."""
    untrue: list[str] = field(default_factory=list)
    """Of whom something is said that is not what happened."""
    untold: set[str] = field(default_factory=set)
    """Whose mail came by the bulk queue and was taken, while its result never said so."""
    most_copies: int = 0
    became_unknown: int = 0
    still_unknown: int = 0
    """Once all notices were read. The provider had taken none of these, or they are untrue."""
    events: Counter[str] = field(default_factory=Counter)
    notices: int = 0
    has_rebuilt: bool = False
    """A rebuild agreed with the read models that had followed."""
    seconds: float = 0

    def once_told(
        self, entries: Sequence[Entry], copies: Mapping[str, int], promised: Set[str], sent: Set[str]
    ) -> None:
        """Every notice was read. `sent`: of whose mails a client was told that they are."""
        self.accepted, self.promised = len(entries), len(promised)
        self.lost = set(promised) - {entry.email for entry in entries}
        self.lost |= {entry.email for entry in entries if not copies.get(entry.email) and not is_held(entry)}
        self.still_unknown = sum(map(is_held, entries))
        self.most_copies = max(copies.values())
        self.untrue = [
            *(f"{email} was answered as sent, and was not" for email in sent - copies.keys()),
            *(f"{email} was accepted {times} times" for email, times in _more_than_once(entries)),
            *(f"{e.email} was taken, and is {e.state}" for e in entries if copies.get(e.email) and not _is_true(e)),
        ]

    def once_resent(self, entries: Sequence[Entry], copies: Mapping[str, int]) -> None:
        """Whatever was held was sent again: now everybody has the mail, and has it once."""
        self.most_copies = max(copies.values())
        self.untrue += [
            f"{entry.email} is {entry.state} in the end, with {copies.get(entry.email, 0)} copies"
            for entry in entries
            if not _is_true(entry) or copies.get(entry.email) != 1
        ]


def is_held(entry: Entry) -> bool:
    return entry.state is State.UNKNOWN


def _is_true(entry: Entry) -> bool:
    """Whether it is in the state that a mail to this address ends in."""
    _, state = FATES.get(entry.email.partition("@")[2], ("delivery", State.DELIVERED))
    return entry.state is state


def _more_than_once(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    return [(email, times) for email, times in Counter(entry.email for entry in entries).items() if times > 1]

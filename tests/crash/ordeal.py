"""A service killed again and again at random moments while mails are posted, handed to simulated SES and told of.

SES fails in each of its ways, and notices come twice, late and in any order. In the end everybody who was accepted is
looked for: at the provider, which counts copies, and in the database, read by a witness of its own.
"""

import asyncio
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from couvert import wiring
from couvert.domain.delivery import State
from couvert.settings import Settings
from couvert.simulator.testing import SimulatedSes
from tests.crash.ledger import Entry, Ledger
from tests.crash.load import Load, Ration, domain
from tests.crash.simulated import is_confirmed, notices_under_way, service_on, subscribe
from tests.crash.until import until

FATES: Mapping[str, tuple[str, State]] = {
    domain(0): ("bounce", State.BOUNCED),
    domain(1): ("complaint", State.COMPLAINED),
    domain(2): ("soft_bounce", State.BOUNCED),
    domain(3): ("delay", State.DELIVERED),
}
"""What becomes of mails to whom, and the state that they have to end in; all others are delivered."""
NOTICES = {"duplicate": {"probability": 0.2}, "shuffle": True, "late": {"probability": 0.1}, "late_ms": 3_000}
FAULTS: Mapping[str, Any] = {
    "slow_ms": 5,
    "slow_jitter_ms": 40,
    "lose_answer": {"probability": 0.02},
    "cut_before_body": {"probability": 0.005},
    "cut_after_body": {"probability": 0.01},
    "errors": [
        {"probability": 0.01, "type": "TooManyRequestsException"},
        {"probability": 0.01, "status": 503},
        {"probability": 0.005, "status": 500},
        {"probability": 0.005, "status": 502, "accepts": True},
        {"probability": 0.0005, "type": "SendingPausedException"},
    ],
    "outcomes": {f"@{name}": fate for name, (fate, _) in FATES.items()},
    "notices": NOTICES,
}
LIST_SIZE = 30


@dataclass(frozen=True, kw_only=True)
class Plan:
    kills: int
    recipients: int
    by: Sequence[str] = ("sns", "sqs")
    faults: Mapping[str, Any] = field(default_factory=lambda: FAULTS)
    patience_seconds: float = 180
    """For each of the things that are waited for in the end."""
    lease_seconds: int = 2


@dataclass
class Found:
    """What came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    """By what was going on."""
    faults: list[str] = field(default_factory=list)
    """What audits said, after whichever kill."""
    audits: int = 0
    accepted: int = 0
    answered: int = 0
    """Recipients of mails that were answered with 200."""
    lost: set[str] = field(default_factory=set)
    """Answered, and not there; or neither handed over nor held as unknown."""
    untrue: list[str] = field(default_factory=list)
    """Whose state is not what became of the mail."""
    most_copies: int = 0
    became_unknown: int = 0
    still_unknown: int = 0
    """Once all notices were read. The provider had taken none of these."""
    events: Counter[str] = field(default_factory=Counter)
    notices: int = 0
    has_rebuilt: bool = False
    """A rebuild agreed with the read models that had followed."""
    seconds: float = 0


class Ordeal:
    def __init__(self, directory: Path, ses: SimulatedSes, plan: Plan, chance: random.Random) -> None:
        self._directory = directory
        self._ses = ses
        self._plan = plan
        self._chance = chance
        self._service = service_on(directory, ses, by=plan.by, lease_seconds=plan.lease_seconds)
        self._log = self._service.log = (directory / "couvert.log").open("w")
        self._ledger = Ledger(directory)
        self._ration = Ration()
        self._audits: list[subprocess.Popen[str]] = []
        self._lists = 0
        self.found = Found()

    def run(self) -> Found:
        began = time.monotonic()
        self._write_letter()
        key = self._service.key()
        try:
            with Load(self._service, key, self._ration) as load:
                self._first_start()
                self._ses.faults(**self._plan.faults)
                for number in range(self._plan.kills):
                    self._ration.grant(self._plan.recipients // self._plan.kills)
                    self._chosen(number)()
                self._service.start()
                self._ration.close()
                load.finish()
            self._await_ends()
            self._judge(load)
            self._resend_what_nobody_took()
            self._audited()
            self.found.has_rebuilt = self._service.run("rebuild").returncode == 0
        finally:
            self._service.close()
            self._end_audits()
            self._log.close()
        self.found.seconds = time.monotonic() - began
        return self.found

    # --- Ways to die --------------------------------------------------------------------------------------------------

    def _chosen(self, number: int) -> Callable[[], None]:
        if number % 5 == 4:
            return self._kill_two_workers
        return self._chance.choices([self._kill, self._kill_a_start, self._kill_a_stop], weights=[7, 2, 1])[0]

    def _first_start(self) -> None:
        self._service.start()
        if "sns" in self._plan.by:
            subscribe(self._ses, self._service)
            until(lambda: is_confirmed(self._ses), "the service has confirmed the subscription")
        self._service.kill()

    def _kill(self) -> None:
        self._service.start()
        self._pause(0.05, 0.8)
        self._killed("at work")

    def _kill_a_start(self) -> None:
        self._service.begin()
        self._pause(0.0, 1.0)
        self._killed("starting")

    def _kill_a_stop(self) -> None:
        self._service.start()
        self._pause(0.05, 0.5)
        self._service.terminate()
        self._pause(0.0, 0.1)
        self._killed("stopping")

    def _kill_two_workers(self) -> None:
        """A command that delivers by itself, since nobody serves, and a service that starts beside it."""
        command = self._service.popen("bulk", self._new_list(), *LETTER)
        self._pause(0.4, 0.8)
        self._service.start()
        self._pause(0.0, 0.4)
        command.kill()
        self._killed("beside a second worker")
        command.communicate()

    def _pause(self, least: float, most: float) -> None:
        time.sleep(self._chance.uniform(least, most))

    def _killed(self, when: str) -> None:
        self._service.kill()
        self.found.kills[when] += 1
        self._audited()

    def _audited(self) -> None:
        """Beside whatever comes next; the one before has to be done."""
        self._end_audits()
        self._audits.append(self._service.popen("audit"))

    def _end_audits(self) -> None:
        while self._audits:
            audit = self._audits.pop()
            said, _ = audit.communicate(timeout=60)
            self.found.audits += 1
            if audit.returncode != 0:
                self.found.faults.append(said)

    # --- In the end ---------------------------------------------------------------------------------------------------

    def _await_ends(self) -> None:
        seconds = self._plan.patience_seconds
        until(lambda: self._ledger.unfinished() == 0, "every delivery has ended", seconds)
        until(lambda: notices_under_way(self._ses) == 0, "all notices were brought", seconds)
        until(lambda: self._ledger.unread() == 0, "all notices were read", seconds)

    def _judge(self, load: Load) -> None:
        found, entries, copies = self.found, self._ledger.entries(), self._ses.copies()
        found.accepted, found.answered = len(entries), len(load.promised)
        found.lost = load.promised - {entry.email for entry in entries}
        found.lost |= {entry.email for entry in entries if not copies.get(entry.email) and not _is_held(entry)}
        found.untrue = [
            *(f"{email} was answered as sent" for email in load.sent - copies.keys()),
            *(f"{email} was accepted {times} times" for email, times in _twice(entries)),
            *(f"{e.email} is {e.state}" for e in entries if copies.get(e.email) and e.state is not fate(e.email)),
        ]
        found.most_copies = max(copies.values())
        found.events = self._ledger.events()
        found.became_unknown = found.events["delivery.unknown.v1"]
        found.still_unknown = sum(map(_is_held, entries))
        found.notices = self._ses.state()["noticesPublished"]

    def _resend_what_nobody_took(self) -> None:
        """The operator's decision for what no notice decides; then everybody has the mail, and has it once."""
        self._ses.faults(outcomes=self._plan.faults.get("outcomes", {}))
        asyncio.run(self._resend([entry.id for entry in self._ledger.entries() if _is_held(entry)]))
        self._await_ends()
        copies = self._ses.copies()
        self.found.most_copies = max(copies.values())
        self.found.untrue += [
            f"{entry.email} is {entry.state} in the end, with {copies.get(entry.email, 0)} copies"
            for entry in self._ledger.entries()
            if entry.state is not fate(entry.email) or copies.get(entry.email) != 1
        ]

    async def _resend(self, deliveries: list[int]) -> None:
        parts = wiring.open_parts(Settings.read(data_dir=self._directory))
        async with wiring.running(parts, delivers=False):
            for delivery in deliveries:
                await parts.interventions.resolve(delivery, "resend")

    # --- Mail that is sent on the command line ------------------------------------------------------------------------

    def _write_letter(self) -> None:
        (self._directory / "letter.html").write_text("<p>Hello {{name}}</p>")

    def _new_list(self) -> str:
        self._lists += 1
        path = self._directory / f"list{self._lists}.csv"
        people = [f"list{self._lists}.r{n}@{domain(n % 6)},Number {n}" for n in range(LIST_SIZE)]
        path.write_text("\n".join(["email,name", *people]))
        return path.name


LETTER = ("--from", "shop@example.org", "--subject", "News for {{name}}", "--html", "letter.html")


def fate(email: str) -> State:
    """The state that a mail to it ends in."""
    _, state = FATES.get(email.partition("@")[2], ("delivery", State.DELIVERED))
    return state


def _twice(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    return [(email, times) for email, times in Counter(entry.email for entry in entries).items() if times > 1]


def _is_held(entry: Entry) -> bool:
    return entry.state is State.UNKNOWN

"""A service killed again and again at random moments while mails are posted, handed to simulated SES and told of.

SES fails in each of its ways, and notices come twice, late and in any order. In the end everybody who was accepted is
looked for: at the provider, which counts copies, and in the database, read by a witness of its own.
"""

import asyncio
import random
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from couvert import wiring
from couvert.settings import Settings
from couvert.simulator.testing import SimulatedSes
from tests.crash import producer
from tests.crash.circular import LETTER, write_letter, write_list
from tests.crash.ledger import Ledger
from tests.crash.load import Load, Ration
from tests.crash.producer import Producer
from tests.crash.reckoning import FATES, Reckoning, is_held
from tests.crash.simulated import is_confirmed, notices_under_way, service_on, subscribe
from tests.crash.until import until

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
QUEUES = {"queue_url": f"sqs://{producer.QUEUE}", "result_queue_url": f"sqs://{producer.RESULTS}"}
BULK = 12
"""Recipients of every third mail that is posted, so that enough of them are under way at each kill."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    kills: int
    recipients: int
    by: Sequence[str] = ("sns", "sqs")
    faults: Mapping[str, Any]
    patience_seconds: float = 60
    """For each of the things that are waited for in the end."""
    lease_seconds: int = 2
    messages: int = 0
    """Of mails that come by the bulk queue, before each kill; 0: there is no such queue."""


class Ordeal:
    def __init__(self, directory: Path, ses: SimulatedSes, plan: Plan, chance: random.Random) -> None:
        self._directory = directory
        self._ses = ses
        self._plan = plan
        self._chance = chance
        self._producer = Producer(ses)
        queues = QUEUES if plan.messages else {}
        self._service = service_on(directory, ses, by=plan.by, lease_seconds=plan.lease_seconds, **queues)
        self._log = self._service.log = (directory / "couvert.log").open("w")
        self._ledger = Ledger(directory)
        self._ration = Ration()
        self._audits: list[subprocess.Popen[str]] = []
        self.found = Reckoning()

    def run(self) -> Reckoning:
        began = time.monotonic()
        write_letter(self._directory)
        key = self._service.key()
        try:
            with Load(self._service, key, self._ration, bulk=BULK) as load:
                self._first_start()
                self._ses.faults(**self._plan.faults)
                for number in range(self._plan.kills):
                    self._ration.grant(self._plan.recipients // self._plan.kills)
                    self._producer.put(self._plan.messages)
                    self._chosen(number)()
                self._service.start()
                self._ration.close()
                load.finish()
            self._await_ends()
            self._reckon(load)
            self._hear_results()
            self._resend_what_nobody_took()
            self.found.has_rebuilt = self._service.run("rebuild").returncode == 0
            self._audited()
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
        number = self.found.kills.total()
        command = self._service.popen("bulk", write_list(self._directory, number), *LETTER)
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
        until(lambda: self._producer.left() == 0, "all of the bulk queue was accepted", seconds)
        until(lambda: self._ledger.unfinished() == 0, "every delivery has ended", seconds)
        until(lambda: notices_under_way(self._ses) == 0, "all notices were brought", seconds)
        until(lambda: self._ledger.unread() == 0, "all notices were read", seconds)

    def _reckon(self, load: Load) -> None:
        self.found.events = self._ledger.events()
        self.found.became_unknown = self.found.events["delivery.unknown.v1"]
        self.found.notices = self._ses.state()["noticesPublished"]
        promised = load.promised | self._producer.promised
        self.found.once_told(self._ledger.entries(), self._ses.copies(), promised, load.sent)

    def _hear_results(self) -> None:
        """Of mails that came by the bulk queue, whoever put them there is told what became of them."""
        if not self._plan.messages:
            return
        taken = self._producer.promised & self._ses.copies().keys()

        def has_heard() -> bool:
            self._producer.hear()
            return taken <= self._producer.told_as_sent

        with suppress(AssertionError):
            until(has_heard, "all results came", self._plan.patience_seconds)
        self.found.untold = taken - self._producer.told_as_sent

    def _resend_what_nobody_took(self) -> None:
        """The operator's decision, for what no notice decides."""
        self._ses.faults(outcomes=self._plan.faults["outcomes"])
        asyncio.run(self._resend([entry.id for entry in self._ledger.entries() if is_held(entry)]))
        self._await_ends()
        self.found.once_resent(self._ledger.entries(), self._ses.copies())

    async def _resend(self, deliveries: list[int]) -> None:
        parts = wiring.open_parts(Settings.read(data_dir=self._directory))
        async with wiring.running(parts, delivers=False):
            for delivery in deliveries:
                await parts.interventions.resolve(delivery, "resend")

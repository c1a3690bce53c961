"""How much of an account's rate one, two and four processes use together, and whether they ever pass more than it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from bench.harness.figure import Figure, Line, Scale, Skipped, Values, at_least, at_most
from bench.harness.workplace import fresh_directory
from couvert.simulator.testing import SimulatedSes, simulated_ses_process
from couvert.store.sqlite.store import FILE
from tests.crash.crew import Worker
from tests.crash.simulated import TRANSPORT
from tests.delivery.ses.handing import KEYS

RATE = 100
PROCESSES = (1, 2, 4)
START_SECONDS = 15


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    os.environ.update(KEYS)
    yield lambda: {name: value for number in PROCESSES for name, value in _shared_by(number, scale).items()}


def _shared_by(number: int, scale: Scale) -> Values:
    """All of them send what lies in one queue, as long as it lasts."""
    mails = RATE * scale.seconds
    with fresh_directory() as directory, simulated_ses_process("--rate", str(RATE), "--burst", str(RATE / 10)) as ses:
        settings = {"TRANSPORT": TRANSPORT, "AWS_ENDPOINT_URL": ses.url, "MAX_IN_FLIGHT": "32"}
        bulks = [mails // number] * number
        workers = [Worker(directory, settings, "--bulk", str(each), "--name", f"w{n}.") for n, each in enumerate(bulks)]
        try:
            _wait_for(ses, sum(bulks), scale.seconds + START_SECONDS)
        finally:
            for worker in workers:
                worker.kill()
        with closing(sqlite3.connect(directory / FILE)) as database:
            ((deferrals,),) = database.execute("select sum(deferrals) from delivery")
        rates, at = ses.rates(), [mail["at"] for mail in ses.mails(messages=False)]
    of = "1 process" if number == 1 else f"{number} processes"
    return {
        f"{of}: share of the rate": (len(at) - 1) / (at[-1] - at[0]) / RATE,
        f"{of}: most in any second": rates["passed"]["mostInAnySecond"],
        f"{of}: throttled": rates["asked"]["total"] - rates["passed"]["total"],
        f"{of}: attempts spent on that": deferrals,
    }


def _wait_for(ses: SimulatedSes, mails: int, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while ses.state()["mails"] < mails:
        if time.monotonic() > give_up_at:
            raise Skipped(f"{mails} mails did not arrive within {seconds:.0f} s")
        time.sleep(0.25)


FIGURE = Figure(
    name="pace",
    title=f"worker processes that share an account of {RATE} recipients a second",
    needs=(),
    lines=tuple(
        line
        for of in ("1 process", "2 processes", "4 processes")
        for line in (
            Line(f"{of}: share of the rate", "", at_least(0.95)),
            Line(f"{of}: most in any second", "", at_most(RATE)),
            Line(f"{of}: throttled", ""),
            Line(f"{of}: attempts spent on that", "", at_most(0)),
        )
    ),
    rounds=_rounds,
)

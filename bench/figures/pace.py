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

CASES = ((100, 1), (100, 2), (100, 4), (14, 4), (500, 4))
"""Recipients a second that the account may send, and processes that share it."""
START_SECONDS = 4
"""For all of them to be at work, about; the first ones send meanwhile."""
PATIENCE_SECONDS = 30


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    os.environ.update(KEYS)
    yield lambda: {name: value for case in CASES for name, value in _shared(*case, scale).items()}


def _shared(rate: int, number: int, scale: Scale) -> Values:
    """All of them send what lies in one queue; measured from when the last one is at work to the last mail."""
    mails = rate * (scale.seconds + START_SECONDS)
    options = ("--rate", str(rate), "--burst", str(max(1, rate / 10)))
    with fresh_directory() as directory, simulated_ses_process(*options) as ses:
        settings = {"TRANSPORT": TRANSPORT, "AWS_ENDPOINT_URL": ses.url, "MAX_IN_FLIGHT": "32"}
        bulks = [mails // number] * number
        workers = [Worker(directory, settings, "--bulk", str(each), "--name", f"w{n}.") for n, each in enumerate(bulks)]
        try:
            for worker, bulk in zip(workers, bulks, strict=True):
                worker.await_step("accepted", bulk)
            began_at = time.time()
            _wait_for(ses, sum(bulks), scale.seconds + PATIENCE_SECONDS)
        finally:
            for worker in workers:
                worker.kill()
        with closing(sqlite3.connect(directory / FILE)) as database:
            ((deferrals,),) = database.execute("select sum(deferrals) from delivery")
        rates, at = ses.rates(), [mail["at"] for mail in ses.mails(messages=False) if mail["at"] > began_at]
    if len(at) < rate:
        raise Skipped(f"{number} processes took so long to start that no second of all of them is left")
    of = _name(rate, number)
    return {
        f"{of}: share used": (len(at) - 1) / (at[-1] - at[0]) / rate,
        f"{of}: most in any second": rates["passed"]["mostInAnySecond"],
        f"{of}: throttled": rates["asked"]["total"] - rates["passed"]["total"],
        f"{of}: attempts spent": deferrals,
    }


def _name(rate: int, number: int) -> str:
    return f"{rate}/s, {number} process{'es' if number > 1 else ''}"


def _wait_for(ses: SimulatedSes, mails: int, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while ses.state()["mails"] < mails:
        if time.monotonic() > give_up_at:
            raise Skipped(f"{mails} mails did not arrive within {seconds:.0f} s")
        time.sleep(0.25)


FIGURE = Figure(
    name="pace",
    title="worker processes that share an SES account: what they use of its rate, and what of it at once",
    needs=(),
    lines=tuple(
        line
        for rate, number in CASES
        for line in (
            Line(f"{_name(rate, number)}: share used", "", at_least(0.95)),
            Line(f"{_name(rate, number)}: most in any second", "", at_most(rate)),
            Line(f"{_name(rate, number)}: throttled", ""),
            Line(f"{_name(rate, number)}: attempts spent", "", at_most(0)),
        )
    ),
    rounds=_rounds,
)

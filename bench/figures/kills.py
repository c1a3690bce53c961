"""A service is killed 200 times while 20,000 mails go to an SES that fails: who is lost, who gets two, who is in doubt.

The ordeal itself is in `tests/crash/ordeal.py`, and in small a test. `CRASH_SEED=7` throws the same dice again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.harness.figure import Figure, Line, Scale, Values, at_most
from bench.harness.workplace import fresh_directory
from couvert import logs
from couvert.simulator.testing import simulated_ses_process
from tests.crash.ordeal import FAULTS, Ordeal, Plan
from tests.crash.reckoning import Reckoning
from tests.crash.simulated import QUEUE

RATE = 5_000
PATIENCE_SECONDS = 300
"""What was to be published in the bulk queue by a process that died is due two minutes later."""
SHOWN = 5


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    yield lambda: _round(scale)


def _round(scale: Scale) -> Values:
    logs.configure("warning")
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(1_000_000))
    faults = {**FAULTS, "errors": [*FAULTS["errors"], {"probability": 0.002, "status": 408}]}
    plan = Plan(
        kills=scale.kills,
        recipients=scale.killed_mails * 4 // 5,
        messages=scale.killed_mails // 5 // scale.kills,
        faults=faults,
        patience_seconds=PATIENCE_SECONDS,
    )
    with fresh_directory() as directory, simulated_ses_process("--rate", str(RATE), "--raw-queue", QUEUE) as ses:
        found = Ordeal(directory, ses, plan, random.Random(seed)).run()
    _explain(found, seed)
    return {
        "kills": found.kills.total(),
        "of these, while it started": found.kills["starting"],
        "while it stopped": found.kills["stopping"],
        "beside a second worker": found.kills["beside a second worker"],
        "recipients promised a mail": found.promised,
        "recipients accepted": found.accepted,
        "hand-overs begun": found.events["delivery.begun.v1"],
        "throttled, or withheld": found.events["delivery.released.v1"],
        "deferred": found.events["delivery.deferred.v1"],
        "notices": found.notices,
        "lost": len(found.lost),
        "copies, the most of anybody": found.most_copies,
        "told otherwise than it was": len(found.untrue),
        "results that never came": len(found.untold),
        "outcomes that nobody saw": found.became_unknown,
        "decided by notices": found.became_unknown - found.still_unknown,
        "left, none of them taken by SES": found.still_unknown,
        "audits": found.audits,
        "audits that found a fault": len(found.faults),
        "rebuild differed": float(not found.has_rebuilt),
        "seconds": found.seconds,
        "seed": seed,
    }


def _explain(found: Reckoning, seed: int) -> None:
    for what in [*found.faults, *sorted(found.lost | found.untold), *found.untrue][:SHOWN]:
        print(f"  CRASH_SEED={seed}: {what}", flush=True)


FIGURE = Figure(
    name="kills",
    title="kill -9 at random moments, SES failing in all its ways, notices twice, late and in any order",
    needs=(),
    is_long=True,
    lines=(
        Line("kills", ""),
        Line("of these, while it started", ""),
        Line("while it stopped", ""),
        Line("beside a second worker", ""),
        Line("recipients promised a mail", ""),
        Line("recipients accepted", ""),
        Line("hand-overs begun", ""),
        Line("throttled, or withheld", ""),
        Line("deferred", ""),
        Line("notices", ""),
        Line("lost", "", at_most(0)),
        Line("copies, the most of anybody", "", at_most(1)),
        Line("told otherwise than it was", "", at_most(0)),
        Line("results that never came", "", at_most(0)),
        Line("outcomes that nobody saw", ""),
        Line("decided by notices", ""),
        Line("left, none of them taken by SES", ""),
        Line("audits", ""),
        Line("audits that found a fault", "", at_most(0)),
        Line("rebuild differed", "", at_most(0)),
        Line("seconds", "s"),
        Line("seed", ""),
    ),
    rounds=_rounds,
)

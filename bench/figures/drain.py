"""Drain a queue to a relay, beside a process that only hands one prebuilt message over on as many connections."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.harness.draining import drained
from bench.harness.figure import Figure, Line, Scale, Values, at_least, at_most
from bench.harness.process import peak_resident_mb
from bench.harness.relay import Relay, smtp_sink
from bench.harness.service import serving
from bench.harness.workplace import fresh_directory

RECIPIENTS = 1_000


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    yield lambda: _round(scale)


def _round(scale: Scale) -> Values:
    with fresh_directory() as directory, smtp_sink() as relay:
        with serving(directory, relay.url) as service:
            bulk = drained(service, directory, scale.mails, recipients_each=RECIPIENTS)
            peak = peak_resident_mb(service.pid)
            single = drained(service, directory, scale.mails, recipients_each=1)
            peak_single = peak_resident_mb(service.pid)
        taken = relay.taken()
        bare = _bare(relay, scale.mails)
    return {
        "mails": bulk.per_second,
        "CPU a mail": bulk.cpu_us,
        "beside: bare loop": bare["per_second"],
        "beside: its CPU a mail": bare["cpu_us"],
        "couvert adds, CPU a mail": bulk.cpu_us - bare["cpu_us"],
        "CPU a mail, couvert : bare loop": bulk.cpu_us / bare["cpu_us"],
        "peak resident": max(peak, peak_single),
        "mails of one recipient each": single.per_second,
        "their CPU a mail": single.cpu_us,
        "not sent": bulk.not_sent + single.not_sent,
        "sent, but not once at the relay": abs(taken - 2 * scale.mails),
    }


def _bare(relay: Relay, mails: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.beside.bare_hand_over", str(relay.port), str(mails)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


FIGURE = Figure(
    name="drain",
    title="a queue to a relay, 3 kB of HTML each, in mails of 1,000 recipients, 20 connections",
    needs=("smtp-sink",),
    lines=(
        Line("mails", "1/s", at_least(5_000)),
        Line("CPU a mail", "us"),
        Line("beside: bare loop", "1/s"),
        Line("beside: its CPU a mail", "us"),
        Line("couvert adds, CPU a mail", "us", at_most(150)),
        Line("CPU a mail, couvert : bare loop", ""),
        Line("peak resident", "MB", at_most(200)),
        Line("mails of one recipient each", "1/s"),
        Line("their CPU a mail", "us"),
        Line("not sent", "", at_most(0)),
        Line("sent, but not once at the relay", "", at_most(0)),
    ),
    rounds=_rounds,
)

"""Queue mails before a running service, and see how fast and at what cost it hands them over."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from bench.harness.filling import queue
from bench.harness.looking import looking_into
from bench.harness.process import cpu_seconds
from bench.harness.service import Service, wait_until_quiet
from couvert.domain.delivery import State

MAILS_A_SECOND = 4_000
"""How fast mails are queued at the least, where each is a command of its own."""
AT_MOST_SECONDS = 120


class Drain(NamedTuple):
    per_second: float
    cpu_us: float
    """Of the service, per mail, its read models included."""
    not_sent: int


def drained(service: Service, directory: Path, mails: int, *, recipients_each: int) -> Drain:
    """All become due at one moment, so that neither queueing nor starting is part of the figure."""
    with looking_into(directory) as looking:
        newest = looking.newest()
        due_at = queue(directory, mails, recipients_each=recipients_each, lead_seconds=2 + mails / MAILS_A_SECOND)
        queued = looking.position()
        time.sleep(max(0.0, due_at - time.time() - 0.2))
        cpu_before = cpu_seconds(service.pid)
        looking.wait_for_position_after(queued, AT_MOST_SECONDS)
        started_at = time.perf_counter()
        looking.wait_until_done(AT_MOST_SECONDS)
        seconds = time.perf_counter() - started_at
        wait_until_quiet(service)  # the read models may still follow, and that is work of these mails, too
        cpu = cpu_seconds(service.pid) - cpu_before
        sent = looking.states(since=newest).get(State.SENT, 0)
        return Drain(mails / seconds, cpu / mails * 1e6, mails - sent)

"""What everybody else on the machine used meanwhile, so that a rate can be believed or not."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
LITTLE = 0.15  # of a core
LOOK_SECONDS = 0.5


def watched() -> Callable[[], float]:
    """Start to watch; the function returned says how many cores others used since, once our processes have ended."""
    busy, own, started_at = _busy_seconds(), _own_seconds(), time.perf_counter()

    def cores() -> float:
        others = (_busy_seconds() - busy) - (_own_seconds() - own)
        return max(0.0, others / (time.perf_counter() - started_at))

    return cores


def wait_for_quiet(at_most_seconds: float) -> None:
    """Until nobody else does much; on a busy machine, no longer than that."""
    give_up_at = time.perf_counter() + at_most_seconds
    while time.perf_counter() < give_up_at:
        cores = watched()
        time.sleep(LOOK_SECONDS)
        if cores() < LITTLE:
            return


def _busy_seconds() -> float:
    """Of all cores, time that the host took away (`steal`) included."""
    user, nice, system, _idle, _wait, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(rest)) / TICKS


def _own_seconds() -> float:
    """Ours, and those of processes that we started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)

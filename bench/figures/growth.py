"""What a mail costs with a million deliveries stored, beside the same with ten thousand."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.harness.draining import Drain, drained
from bench.harness.figure import Figure, Line, Scale, Values, at_most
from bench.harness.filling import create_key
from bench.harness.load import Load, loaded, v1_mail
from bench.harness.mails import body_to
from bench.harness.past import finish
from bench.harness.process import peak_resident_mb
from bench.harness.relay import smtp_sink
from bench.harness.service import serving, wait_until_quiet
from bench.harness.workplace import fresh_directory

MAILS = 10_000
CONNECTIONS = 32


class Found(NamedTuple):
    drain: Drain
    load: Load
    started_seconds: float
    peak_mb: float


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    """The large directory grows by a few per cent with each round; the small one is copied, so that it stays small."""
    with fresh_directory("large") as large, fresh_directory("small") as small:
        keys = {path: create_key(path) for path in (small, large)}
        finish(small, scale.small)
        finish(large, scale.large)

        def once() -> Values:
            with fresh_directory() as copy:
                shutil.copytree(small, copy, dirs_exist_ok=True)
                few = _measure(copy, keys[small], scale)
            return _compared(few, _measure(large, keys[large], scale))

        yield once


def _measure(directory: Path, key: str, scale: Scale) -> Found:
    with smtp_sink() as relay, serving(directory, relay.url) as service:
        wait_until_quiet(service)
        drain = drained(service, directory, MAILS, recipients_each=1_000)
        load = loaded(
            service, v1_mail(key), body_to(1), wanted='"status":"sent"', connections=CONNECTIONS, seconds=scale.seconds
        )
        return Found(drain, load, service.started_seconds, peak_resident_mb(service.pid))


def _compared(few: Found, many: Found) -> Values:
    return {
        "drain, CPU a mail at few": few.drain.cpu_us,
        "drain, CPU a mail at many": many.drain.cpu_us,
        "drain, CPU, many : few": many.drain.cpu_us / few.drain.cpu_us,
        "drain, rate, few : many": few.drain.per_second / many.drain.per_second,
        "accept, CPU a request at few": few.load.cpu_us,
        "accept, CPU a request at many": many.load.cpu_us,
        "accept, CPU, many : few": many.load.cpu_us / few.load.cpu_us,
        "accept, rate, few : many": few.load.per_second / many.load.per_second,
        "start to first answer at many": many.started_seconds * 1000,
        "peak resident at many": many.peak_mb,
        "not sent": few.drain.not_sent + many.drain.not_sent + few.load.wrong + many.load.wrong,
    }


FIGURE = Figure(
    name="growth",
    title="what a mail costs with many deliveries stored, beside few",
    needs=("wrk", "smtp-sink"),
    lines=(
        Line("drain, CPU a mail at few", "us"),
        Line("drain, CPU a mail at many", "us"),
        Line("drain, CPU, many : few", "", at_most(1.3)),
        Line("drain, rate, few : many", ""),
        Line("accept, CPU a request at few", "us"),
        Line("accept, CPU a request at many", "us"),
        Line("accept, CPU, many : few", "", at_most(1.3)),
        Line("accept, rate, few : many", ""),
        Line("start to first answer at many", "ms", at_most(1_500)),
        Line("peak resident at many", "MB", at_most(200)),
        Line("not sent", "", at_most(0)),
    ),
    rounds=_rounds,
)

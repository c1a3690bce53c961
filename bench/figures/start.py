"""Start on a directory that is there already, to the first answer of GET /v1/health; and what an idle service holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.harness.figure import Figure, Line, Scale, Values, at_most
from bench.harness.filling import create_key
from bench.harness.process import cpu_seconds, resident_mb
from bench.harness.service import serving, wait_until_quiet
from bench.harness.workplace import fresh_directory


@contextmanager
def _rounds(_: Scale) -> Iterator[Callable[[], Values]]:
    with fresh_directory() as directory:
        create_key(directory)

        def once() -> Values:
            with serving(directory, "sandbox") as service:
                cpu = cpu_seconds(service.pid)
                wait_until_quiet(service)
                return {
                    "start to first answer": service.started_seconds * 1000,
                    "CPU of the start": cpu * 1000,
                    "resident idle": resident_mb(service.pid),
                }

        yield once


FIGURE = Figure(
    name="start",
    title="start and idle",
    needs=(),
    lines=(
        Line("start to first answer", "ms", at_most(1_500)),
        Line("CPU of the start", "ms"),
        Line("resident idle", "MB", at_most(100)),
    ),
    rounds=_rounds,
)

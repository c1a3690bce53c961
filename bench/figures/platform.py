"""POST /v2/mails: one recipient, batches, many recipients; with delivery closed, running, and at a steady rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.harness.figure import Figure, Line, Scale, Values, at_least, at_most
from bench.harness.filling import create_token
from bench.harness.load import Load, Target, loaded, v2
from bench.harness.looking import looking_into
from bench.harness.mails import MARK, v2_mail
from bench.harness.process import peak_resident_mb
from bench.harness.programs import free_port
from bench.harness.relay import smtp_sink
from bench.harness.service import Service, serving
from bench.harness.workplace import fresh_directory
from couvert.domain.delivery import State

CONNECTIONS = 32
STEADY = 1_500
"""Mails a second that the courier must keep up with."""
BATCH = 100
MANY = 10_000
UNLIMITED = {"rate_limit": "900000000/600s"}


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    yield lambda: {**_closed(scale), **_running(scale)}


def _closed(scale: Scale) -> Values:
    """Nothing can be delivered: the relay's port is closed."""
    with fresh_directory() as directory:
        token = create_token(directory)
        with serving(directory, f"smtp://127.0.0.1:{free_port()}", **UNLIMITED) as service:
            one = _load(service, v2("/v2/mails", token), v2_mail(1), CONNECTIONS, scale.seconds)
            mails = [v2_mail(1, f"{MARK}-{n}") for n in range(BATCH)]
            batch = _load(service, v2("/v2/mails/batch", token), {"mails": mails}, 8, scale.seconds)
            many = _load(service, v2("/v2/mails", token), v2_mail(MANY), 2, scale.seconds)
            peak = peak_resident_mb(service.pid)
        with looking_into(directory) as looking:
            queued = looking.states().get(State.QUEUED, 0)
    answered = one.answers + batch.answers * BATCH + many.answers * MANY
    return {
        "one recipient, nothing delivered": one.per_second,
        "its p99": one.p99_ms,
        "its CPU": one.cpu_us,
        f"mails in batches of {BATCH}": batch.per_second * BATCH,
        "their CPU a mail": batch.cpu_us / BATCH,
        f"recipients in mails to {MANY:,}": many.per_second * MANY,
        "their CPU a recipient": many.cpu_us / MANY,
        "peak resident": peak,
        "wrong answers": one.wrong + batch.wrong + many.wrong,
        "answered, not queued": max(0, answered - queued),
    }


def _running(scale: Scale) -> Values:
    with fresh_directory() as directory, smtp_sink() as relay:
        token = create_token(directory)
        with serving(directory, relay.url, **UNLIMITED) as service, looking_into(directory) as looking:
            one = _load(service, v2("/v2/mails", token), v2_mail(1), CONNECTIONS, scale.seconds)
            looking.wait_until_done(120)
            steady, backlog = _steady(service, token, directory, scale.seconds)
            looking.wait_until_done(120)
    return {
        "one recipient, delivery running": one.per_second,
        f"steady at {STEADY:,}/s": steady.per_second,
        "its backlog grows by": backlog,
        "wrong answers with delivery": one.wrong + steady.wrong,
    }


def _steady(service: Service, token: str, directory: Path, seconds: int) -> tuple[Load, float]:
    """The load, and by how many mails a second the backlog grew from its first half to its second."""
    counts: list[int] = []
    is_over = threading.Event()

    def count() -> None:
        with looking_into(directory) as looking:
            while not is_over.wait(0.1):
                counts.append(looking.waiting())

    counting = threading.Thread(target=count)
    time.sleep(0.5)
    counting.start()
    target, body = v2("/v2/mails", token), v2_mail(1)
    load = loaded(service, target, body, wanted='"queued"', connections=CONNECTIONS, seconds=seconds, per_second=STEADY)
    is_over.set()
    counting.join()
    busy = [n for n in counts if n] or [0]
    half = len(busy) // 2
    first, second = busy[:half] or [0], busy[half:]
    return load, max(0.0, (sum(second) / len(second) - sum(first) / len(first)) / (seconds / 2))


def _load(service: Service, target: Target, body: dict[str, Any], connections: int, seconds: int) -> Load:
    return loaded(service, target, body, wanted='"queued"', connections=connections, seconds=seconds)


FIGURE = Figure(
    name="platform",
    title="POST /v2/mails of 3 kB, 32 connections (batches 8, many recipients 2)",
    needs=("wrk", "smtp-sink"),
    lines=(
        Line("one recipient, nothing delivered", "1/s", at_least(4_000)),
        Line("its p99", "ms"),
        Line("its CPU", "us"),
        Line(f"mails in batches of {BATCH}", "1/s", at_least(10_000)),
        Line("their CPU a mail", "us"),
        Line(f"recipients in mails to {MANY:,}", "1/s", at_least(40_000)),
        Line("their CPU a recipient", "us"),
        Line("peak resident", "MB"),
        Line("wrong answers", "", at_most(0)),
        Line("answered, not queued", "", at_most(0)),
        Line("one recipient, delivery running", "1/s", at_least(2_000)),
        Line(f"steady at {STEADY:,}/s", "1/s", at_least(STEADY * 0.98)),
        Line("its backlog grows by", "1/s", at_most(STEADY * 0.01)),
        Line("wrong answers with delivery", "", at_most(0)),
    ),
    rounds=_rounds,
)

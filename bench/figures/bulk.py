"""Accept mails to 1,000 recipients each, while nothing can be delivered: the relay's port is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.harness.figure import Figure, Line, Scale, Values, at_least, at_most
from bench.harness.filling import create_key
from bench.harness.load import loaded, v1_mail
from bench.harness.looking import looking_into
from bench.harness.mails import body_to
from bench.harness.process import peak_resident_mb
from bench.harness.programs import free_port
from bench.harness.service import serving
from bench.harness.workplace import fresh_directory
from couvert.domain.delivery import State

RECIPIENTS = 1_000
CONNECTIONS = 8


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    yield lambda: _round(scale)


def _round(scale: Scale) -> Values:
    with fresh_directory() as directory:
        key = create_key(directory)
        with serving(directory, f"smtp://127.0.0.1:{free_port()}") as service:
            load = loaded(
                service,
                v1_mail(key),
                body_to(RECIPIENTS),
                wanted=f'"queued":{RECIPIENTS}',
                connections=CONNECTIONS,
                seconds=scale.seconds,
            )
            peak = peak_resident_mb(service.pid)
        with looking_into(directory) as looking:
            states = looking.states()
    return {
        "recipients": load.per_second * RECIPIENTS,
        "p99 of a request": load.p99_ms,
        "CPU a recipient": load.cpu_us / RECIPIENTS,
        "peak resident": peak,
        "wrong answers": load.wrong,
        "answered, not queued": max(0, load.answers * RECIPIENTS - states.get(State.QUEUED, 0)),
    }


FIGURE = Figure(
    name="bulk",
    title="1,000 recipients a request, 8 connections, delivery closed (unreachable relay)",
    needs=("wrk",),
    lines=(
        Line("recipients", "1/s", at_least(50_000)),
        Line("p99 of a request", "ms"),
        Line("CPU a recipient", "us"),
        Line("peak resident", "MB"),
        Line("wrong answers", "", at_most(0)),
        Line("answered, not queued", "", at_most(0)),
    ),
    rounds=_rounds,
)

"""Accept and send inside the request, one recipient each, beside the same route without store and courier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.harness.figure import Figure, Line, Scale, Values, at_least, at_most
from bench.harness.filling import create_key
from bench.harness.load import Load, loaded, v1_mail
from bench.harness.looking import looking_into
from bench.harness.mails import HTML, OWN_HTML, body_to
from bench.harness.process import peak_resident_mb
from bench.harness.relay import smtp_sink
from bench.harness.service import Service, serving
from bench.harness.workplace import fresh_directory
from couvert.domain.delivery import State

CONNECTIONS = 32


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    yield lambda: {**_real(scale), **_instant(scale)}


def _real(scale: Scale) -> Values:
    with fresh_directory() as directory, smtp_sink() as relay:
        key = create_key(directory)
        with serving(directory, relay.url) as service:
            load = _load(service, key, scale, HTML)
            own = _load(service, key, scale, OWN_HTML)
            peak = peak_resident_mb(service.pid)
        with looking_into(directory) as looking:
            states = looking.states()
        stored, sent = sum(states.values()), states.get(State.SENT, 0)
        return {
            "requests": load.per_second,
            "p50": load.p50_ms,
            "p99": load.p99_ms,
            "CPU a request": load.cpu_us,
            "each with HTML of its own": own.per_second,
            "CPU of such a request": own.cpu_us,
            "peak resident": peak,
            'answers not "sent"': load.wrong + own.wrong,
            "stored, not sent": stored - sent,
            # A request that was cut off when wrk ended is stored and sent, but nobody counted its answer.
            "answered, not stored": max(0, load.answers + own.answers - stored),
            "sent, but not once at the relay": abs(relay.taken() - sent),
        }


def _instant(scale: Scale) -> Values:
    with fresh_directory() as directory:
        key = create_key(directory)
        with serving(directory, "smtp://127.0.0.1:9", module="bench.beside.instant") as service:
            load = _load(service, key, scale, HTML)
    return {
        "beside: without store and courier": load.per_second,
        "beside: its p99": load.p99_ms,
        "beside: its CPU a request": load.cpu_us,
    }


def _load(service: Service, key: str, scale: Scale, html: str) -> Load:
    body = body_to(1, html=html)
    return loaded(service, v1_mail(key), body, wanted='"status":"sent"', connections=CONNECTIONS, seconds=scale.seconds)


FIGURE = Figure(
    name="accept",
    title="one recipient, sent inside the request, POST of 3 kB, 32 connections",
    needs=("wrk", "smtp-sink"),
    lines=(
        Line("requests", "1/s", at_least(2_000)),
        Line("p50", "ms"),
        Line("p99", "ms", at_most(40)),
        Line("CPU a request", "us"),
        Line("each with HTML of its own", "1/s"),
        Line("CPU of such a request", "us"),
        Line("beside: without store and courier", "1/s"),
        Line("beside: its p99", "ms"),
        Line("beside: its CPU a request", "us"),
        Line("peak resident", "MB"),
        Line('answers not "sent"', "", at_most(0)),
        Line("stored, not sent", "", at_most(0)),
        Line("answered, not stored", "", at_most(0)),
        Line("sent, but not once at the relay", "", at_most(0)),
    ),
    rounds=_rounds,
)

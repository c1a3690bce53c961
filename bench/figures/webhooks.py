"""Drain a queue beside receivers of webhooks that hang, are gone or answer with a gigabyte, and beside none."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from bench.harness.draining import AT_MOST_SECONDS, MAILS_A_SECOND
from bench.harness.figure import Figure, Line, Scale, Skipped, Values, at_least, at_most
from bench.harness.filling import queue
from bench.harness.looking import Looking, looking_into
from bench.harness.process import children, cpu_seconds
from bench.harness.relay import Relay, smtp_sink
from bench.harness.service import serving
from bench.harness.workplace import fresh_directory
from couvert.commands.webhooks import Webhooks
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.webhook import Terms
from couvert.store.sqlite.store import SqliteStore
from couvert.wiring import now_ms

RECIPIENTS = 1_000
BAD = ("hangs", "gone", "floods")
EVENTS_A_MAIL = 2
TURN_SECONDS = 1.5
SETTLING_SECONDS = 1.0
"""Before each turn: who was stopped has rested, and at once does what otherwise comes bit by bit."""
OPEN = {"webhook_allow_http": "true", "webhook_allow_private": "true"}


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    with _receivers() as ports, smtp_sink() as relay:
        yield lambda: _round(scale, relay, ports)


def _round(scale: Scale, relay: Relay, ports: dict[str, int]) -> Values:
    bad = _drained(relay, scale.mails * 5, [ports[name] for name in BAD])
    good = _drained(relay, scale.mails * 5, [ports["takes"]])
    return {
        "mails, beside three that fail": bad.beside,
        "mails, while nobody tells them": bad.alone,
        "beside three that fail : while nobody tells them": bad.beside / bad.alone,
        "CPU of who tells them, of one core": bad.cpu,
        "mails, beside one that takes all": good.beside,
        "beside one that takes all : while nobody tells it": good.beside / good.alone,
        "CPU of who tells it, of one core": good.cpu,
        "not sent": bad.not_sent + good.not_sent,
    }


class _Drain(NamedTuple):
    """Mails a second, while webhooks are told and while they are not."""

    beside: float
    alone: float
    cpu: float
    not_sent: int


def _drained(relay: Relay, mails: int, ports: list[int]) -> _Drain:
    """Each is told of every event, by a process that is stopped and let go on in turns: so whatever else happens to the
    machine meanwhile falls on both.
    """
    with fresh_directory() as directory:
        asyncio.run(_create(directory, ports))
        with serving(directory, relay.url, **OPEN) as service, looking_into(directory) as looking:
            due_at = queue(directory, mails, recipients_each=RECIPIENTS, lead_seconds=2 + mails / MAILS_A_SECOND)
            queued = looking.position()
            time.sleep(max(0.0, due_at - time.time() - 0.2))
            looking.wait_for_position_after(queued, AT_MOST_SECONDS)
            [teller] = children(service.pid)
            beside, alone, cpu = _taking_turns(looking, teller, until=queued + EVENTS_A_MAIL * mails * 9 // 10)
            looking.wait_until_done(AT_MOST_SECONDS)
            return _Drain(beside, alone, cpu, mails - looking.states().get(State.SENT, 0))


def _taking_turns(looking: Looking, teller: int, *, until: int) -> tuple[float, float, float]:
    speeds: dict[bool, list[float]] = {True: [], False: []}
    cpu, is_running = list[float](), True
    give_up_at = time.monotonic() + AT_MOST_SECONDS
    while looking.position() < until:
        if time.monotonic() > give_up_at:
            raise Skipped(f"the mails were not handed over in {AT_MOST_SECONDS} s")
        time.sleep(SETTLING_SECONDS)
        speed, spent = _turn(looking, teller)
        speeds[is_running].append(speed)
        if is_running:
            cpu.append(spent)
        is_running = not is_running
        os.kill(teller, signal.SIGCONT if is_running else signal.SIGSTOP)
    os.kill(teller, signal.SIGCONT)
    return mean(speeds[True]), mean(speeds[False]), mean(cpu)


def _turn(looking: Looking, teller: int) -> tuple[float, float]:
    """Mails a second, and how much of a core the teller takes."""
    first, spent, started_at = looking.position(), cpu_seconds(teller), time.perf_counter()
    time.sleep(TURN_SECONDS)
    events, spent = looking.position() - first, cpu_seconds(teller) - spent
    seconds = time.perf_counter() - started_at
    return events / EVENTS_A_MAIL / seconds, spent / seconds


async def _create(directory: Path, ports: list[int]) -> None:
    store = SqliteStore(directory, now_ms)
    webhooks = Webhooks(store, IdSource(1, now_ms), now_ms)
    for port in ports:
        await webhooks.create(Terms(f"http://127.0.0.1:{port}/", "", ("*",)))
    await store.close()


@contextmanager
def _receivers() -> Iterator[dict[str, int]]:
    command = [sys.executable, "-m", "bench.beside.receivers"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


FIGURE = Figure(
    name="webhooks",
    title="a queue to a relay, in mails of 1,000 recipients, beside receivers that are told of every event",
    needs=("smtp-sink",),
    lines=(
        Line("mails, beside three that fail", "1/s"),
        Line("mails, while nobody tells them", "1/s"),
        Line("beside three that fail : while nobody tells them", "", at_least(0.95)),
        Line("CPU of who tells them, of one core", ""),
        Line("mails, beside one that takes all", "1/s"),
        Line("beside one that takes all : while nobody tells it", "", at_least(0.95)),
        Line("CPU of who tells it, of one core", ""),
        Line("not sent", "", at_most(0)),
    ),
    rounds=_rounds,
)

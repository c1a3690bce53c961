"""Drain a queue beside receivers of webhooks that hang, are gone or answer with a gigabyte, and beside none."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness.draining import Drain, drained
from bench.harness.figure import Figure, Line, Scale, Values, at_least, at_most
from bench.harness.relay import Relay, smtp_sink
from bench.harness.service import serving
from bench.harness.workplace import fresh_directory
from couvert.commands.webhooks import Webhooks
from couvert.domain.ids import IdSource
from couvert.domain.webhook import Terms
from couvert.store.sqlite.store import SqliteStore
from couvert.wiring import now_ms

RECIPIENTS = 1_000
BAD = ("hangs", "gone", "floods")
OPEN = {"webhook_allow_http": "true", "webhook_allow_private": "true"}


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    with _receivers() as ports:
        yield lambda: _round(scale, ports)


def _round(scale: Scale, ports: dict[str, int]) -> Values:
    """None, those that fail, none again: what the machine does meanwhile falls on both."""
    with smtp_sink() as relay:
        before = _drained(relay, scale.mails, [])
        beside_bad = _drained(relay, scale.mails, [ports[name] for name in BAD])
        after = _drained(relay, scale.mails, [])
        beside_good = _drained(relay, scale.mails, [ports["takes"]])
    none = (before.per_second + after.per_second) / 2
    return {
        "mails, without webhooks": none,
        "mails, beside three that fail": beside_bad.per_second,
        "beside three that fail : without": beside_bad.per_second / none,
        "CPU a mail, without": (before.cpu_us + after.cpu_us) / 2,
        "CPU a mail, beside three that fail": beside_bad.cpu_us,
        "mails, beside one that takes all": beside_good.per_second,
        "beside one that takes all : without": beside_good.per_second / none,
        "not sent": before.not_sent + beside_bad.not_sent + after.not_sent + beside_good.not_sent,
    }


def _drained(relay: Relay, mails: int, ports: list[int]) -> Drain:
    """Each is told of every event."""
    with fresh_directory() as directory:
        asyncio.run(_create(directory, ports))
        with serving(directory, relay.url, **OPEN) as service:
            return drained(service, directory, mails, recipients_each=RECIPIENTS)


async def _create(directory: Path, ports: list[int]) -> None:
    store = SqliteStore(directory, now_ms)
    for port in ports:
        await Webhooks(store, IdSource(1, now_ms), now_ms).create(Terms(f"http://127.0.0.1:{port}/", "", ("*",)))
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
        Line("mails, without webhooks", "1/s"),
        Line("mails, beside three that fail", "1/s"),
        Line("beside three that fail : without", "", at_least(0.95)),
        Line("CPU a mail, without", "us"),
        Line("CPU a mail, beside three that fail", "us"),
        Line("mails, beside one that takes all", "1/s"),
        Line("beside one that takes all : without", ""),
        Line("not sent", "", at_most(0)),
    ),
    rounds=_rounds,
)

"""Drain a queue to SES, at a pace that holds it up, at one that does not and at none, beside a process that only makes
one signed call again and again: both as fast as they can, for what waits in between costs more when it is cold.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.harness.draining import Drain, drained
from bench.harness.figure import Figure, Line, Scale, Values, at_least, at_most
from bench.harness.programs import free_port
from bench.harness.relay import wait_until_open
from bench.harness.service import serving
from bench.harness.workplace import fresh_directory

RECIPIENTS = 1_000
LIMITING = 3_000
"""What an account may send, in recipients per second; 97 % of it is used."""
AMPLE = 10_000
"""More than a process can send: the pace is kept, and keeps nobody."""
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token " * 30}


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    os.environ |= KEYS
    with _instant_ses(LIMITING) as limiting, _instant_ses(AMPLE) as ample:
        yield lambda: _round(scale, limiting, ample)


def _round(scale: Scale, limiting: str, ample: str) -> Values:
    limited = _drained(scale, limiting, "couvert")
    bare = _bare(ample, scale.mails)
    paced = _drained(scale, ample, "couvert")
    unpaced = _drained(scale, ample, "bench.beside.unpaced")
    return {
        f"mails, {LIMITING:,} a second allowed": limited.per_second,
        "their CPU a mail": limited.cpu_us,
        f"mails, {AMPLE:,} a second allowed": paced.per_second,
        "CPU a mail": paced.cpu_us,
        "mails without a pace": unpaced.per_second,
        "CPU a mail without": unpaced.cpu_us,
        "beside: bare loop": bare["per_second"],
        "beside: its CPU a mail": bare["cpu_us"],
        "couvert adds, CPU a mail": paced.cpu_us - bare["cpu_us"],
        "couvert adds without a pace": unpaced.cpu_us - bare["cpu_us"],
        "not sent": limited.not_sent + paced.not_sent + unpaced.not_sent,
    }


def _drained(scale: Scale, url: str, module: str) -> Drain:
    with (
        fresh_directory() as directory,
        serving(directory, "ses://eu-central-1", module, aws_endpoint_url=url) as service,
    ):
        return drained(service, directory, scale.mails, recipients_each=RECIPIENTS)


def _bare(url: str, mails: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.beside.bare_ses_call", url, str(mails)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


@contextmanager
def _instant_ses(rate: int) -> Iterator[str]:
    port = free_port()
    provider = subprocess.Popen([sys.executable, "-m", "bench.beside.instant_ses", str(port), str(rate)])
    try:
        wait_until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        provider.terminate()
        provider.wait()


FIGURE = Figure(
    name="ses",
    title="a queue to SES that answers at once, 3 kB of HTML each, 64 connections",
    needs=(),
    lines=(
        Line(f"mails, {LIMITING:,} a second allowed", "1/s", at_least(2_500)),
        Line("their CPU a mail", "us"),
        Line(f"mails, {AMPLE:,} a second allowed", "1/s", at_least(2_500)),
        Line("CPU a mail", "us"),
        Line("mails without a pace", "1/s"),
        Line("CPU a mail without", "us"),
        Line("beside: bare loop", "1/s"),
        Line("beside: its CPU a mail", "us"),
        Line("couvert adds, CPU a mail", "us", at_most(150)),
        Line("couvert adds without a pace", "us"),
        Line("not sent", "", at_most(0)),
    ),
    rounds=_rounds,
)

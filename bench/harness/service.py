"""A `couvert serve` of its own on a free port, from its start to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.harness.figure import Skipped
from bench.harness.process import cpu_seconds
from bench.harness.programs import free_port

START_SECONDS = 30
QUIET_SECONDS = 0.5
QUIET_SHARE = 0.05  # of one core; an idle service looks into its queue four times a second


@dataclass(frozen=True, slots=True)
class Service:
    pid: int
    port: int
    started_seconds: float
    """From the start of the process to its first answer of GET /v1/health."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(directory: Path, transport: str, module: str = "couvert", **settings: str) -> Iterator[Service]:
    """`couvert serve` on the directory, or another module that takes the same arguments; stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", module, "serve", "--port", str(port), "--data", str(directory)]
    with Path("service.log").open("wb") as log:
        started_at = time.perf_counter()
        given = {f"COUVERT_{name.upper()}": value for name, value in {"transport": transport, **settings}.items()}
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **given})
    try:
        wait_for_health(port, process)
        yield Service(process.pid, port, time.perf_counter() - started_at)
    finally:
        ended = process.poll()
        process.terminate()
        process.wait(timeout=120)
        if ended is not None:  # whatever was measured, or waited for, says nothing
            raise Skipped(f"the service ended by itself with {ended}: {_last_line(Path('service.log'))}")


def wait_until_quiet(service: Service, at_most_seconds: float = 240) -> None:
    """Until it no longer works on anything of its own accord, such as read models that have to catch up."""
    give_up_at = time.perf_counter() + at_most_seconds
    while time.perf_counter() < give_up_at:
        before = cpu_seconds(service.pid)
        time.sleep(QUIET_SECONDS)
        if cpu_seconds(service.pid) - before <= QUIET_SECONDS * QUIET_SHARE:
            return
    raise Skipped(f"the service was still busy by itself after {at_most_seconds} s")


def wait_for_health(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    give_up_at = time.perf_counter() + START_SECONDS
    while not _is_healthy(port):
        if process is not None and process.poll() is not None:
            raise Skipped(f"the service ended with {process.returncode}: {_last_line(Path('service.log'))}")
        if time.perf_counter() > give_up_at:
            raise Skipped(f"the service did not answer within {START_SECONDS} s")
        time.sleep(0.005)


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/v1/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"

"""Load over HTTP: wrk with bodies that differ, every answer looked at."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.harness.figure import Skipped
from bench.harness.mails import ORIGIN
from bench.harness.process import cpu_seconds
from bench.harness.programs import program
from bench.harness.service import Service, wait_until_quiet

SCRIPT = Path(__file__).with_name("requests.lua")
WARM_UP_SECONDS = 1


class Load(NamedTuple):
    answers: int
    """All of them, those of the warm-up included."""
    wrong: int
    """Answers that were not as wanted, and connections that broke or timed out."""
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Of the service, per request, its read models included."""


class Target(NamedTuple):
    """Where the requests go, and what they carry."""

    path: str
    headers: Mapping[str, str]


def v1_mail(key: str) -> Target:
    return Target("/v1/mail", {"x-api-key": key, "origin": ORIGIN})


def v2(path: str, token: str) -> Target:
    return Target(path, {"x-access-token": token})


def loaded(
    service: Service,
    target: Target,
    body: dict[str, Any],
    *,
    wanted: str,
    connections: int,
    seconds: int,
    per_second: int = 0,
) -> Load:
    """POST on so many connections: a closed loop, each connection asks again once it was answered; or, at a rate, each
    in its turn.
    """
    Path("body.json").write_text(json.dumps(body))
    Path("headers.txt").write_text("".join(f"{name}: {value}\n" for name, value in target.headers.items()))

    def wrk(first: int, seconds: int) -> dict[str, Any]:
        arguments = ["headers.txt", "body.json", wanted, str(first), str(per_second)]
        return _wrk(service.url + target.path, arguments, connections, seconds)

    warm = wrk(0, WARM_UP_SECONDS)
    before = cpu_seconds(service.pid)
    found = wrk(warm["answers"] + 10_000, seconds)
    wait_until_quiet(service)  # the read models may still follow, and that is work of these mails, too
    cpu = cpu_seconds(service.pid) - before
    if not found["answers"]:
        raise Skipped("the service did not answer")
    return Load(
        answers=warm["answers"] + found["answers"],
        wrong=warm["unexpected"] + warm["broken"] + found["unexpected"] + found["broken"],
        per_second=found["answers"] / found["seconds"],
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
        cpu_us=cpu / found["answers"] * 1e6,
    )


def _wrk(url: str, arguments: list[str], connections: int, seconds: int) -> dict[str, Any]:
    options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "30s"]
    command = [program("wrk"), *options, "--script", str(SCRIPT), url, "--", *arguments]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    line = next((line for line in said.splitlines() if line.startswith("JSON ")), None)
    if line is None:
        raise Skipped(f"wrk said nothing to read: {said[-200:]!r}")
    found: dict[str, Any] = json.loads(line.removeprefix("JSON "))
    return found

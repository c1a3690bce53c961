"""Read one's own writes: POST a mail, then GET it with its etag, while others write 500 mails a second."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from bench.harness.figure import Figure, Line, Scale, Skipped, Values, at_least, at_most
from bench.harness.filling import create_token
from bench.harness.load import WARM_UP_SECONDS, Load, loaded, v2
from bench.harness.mails import v2_mail
from bench.harness.programs import free_port
from bench.harness.service import Service, serving
from bench.harness.workplace import fresh_directory

OTHERS = 500
CONNECTIONS = 16
PAUSE_SECONDS = 0.005


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    yield lambda: _round(scale)


def _round(scale: Scale) -> Values:
    with fresh_directory() as directory:
        token = create_token(directory)
        relay = f"smtp://127.0.0.1:{free_port()}"
        with serving(directory, relay, rate_limit="900000000/600s") as service:
            seconds, others = _beside(service, token, scale.seconds)
    reads = sorted(read for _, read in seconds)
    pairs = sorted(write + read for write, read in seconds)
    return {
        "writes of others": others.per_second,
        "read with its etag, p50": statistics.median(reads) * 1000,
        "read with its etag, p99": reads[int(len(reads) * 0.99)] * 1000,
        "write and read, p50": statistics.median(pairs) * 1000,
        "write and read, p99": pairs[int(len(pairs) * 0.99)] * 1000,
        "pairs measured": len(pairs),
        "wrong answers of others": others.wrong,
    }


def _beside(service: Service, token: str, seconds: int) -> tuple[list[tuple[float, float]], Load]:
    found: list[tuple[float, float]] = []
    trouble: list[str] = []
    until = time.perf_counter() + WARM_UP_SECONDS + seconds

    def ask() -> None:
        try:
            found.extend(_pairs(service, token, until))
        except Exception as error:  # noqa: BLE001 - told to whoever waits for the figure
            trouble.append(repr(error))

    asking = threading.Thread(target=ask)
    asking.start()
    load = loaded(
        service, v2("/v2/mails", token), v2_mail(1), wanted='"queued"', connections=CONNECTIONS, seconds=seconds,
        per_second=OTHERS,
    )  # fmt: skip
    asking.join()
    if trouble or len(found) < 20:
        raise Skipped(trouble[0] if trouble else f"only {len(found)} pairs were measured")
    return found, load


def _pairs(service: Service, token: str, until: float) -> Iterator[tuple[float, float]]:
    """Seconds that the write took, and the read after it."""
    connection = HTTPConnection("127.0.0.1", service.port, timeout=30)
    headers = {"x-access-token": token, "content-type": "application/json"}
    number = 0
    while time.perf_counter() < until:
        time.sleep(PAUSE_SECONDS)
        number += 1
        body = json.dumps(v2_mail(1, f"own-{number}"))
        began = time.perf_counter()
        connection.request("POST", "/v2/mails", body, headers)
        answer = connection.getresponse()
        mail_id = json.loads(answer.read())["data"]["mailId"]
        wrote = time.perf_counter()
        fresh = {**headers, "if-event-reached": answer.headers["etag"]}
        connection.request("GET", f"/v2/mails/{mail_id}", headers=fresh)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        if answer.status != 200 or said["data"]["mailId"] != mail_id:
            raise Skipped(f"a write was not read: {said}")
        yield wrote - began, time.perf_counter() - wrote


FIGURE = Figure(
    name="freshness",
    title="POST /v2/mails, then GET it with its etag, under 500 writes/s",
    needs=("wrk",),
    lines=(
        Line("writes of others", "1/s", at_least(OTHERS * 0.95)),
        Line("read with its etag, p50", "ms", at_most(5)),
        Line("read with its etag, p99", "ms", at_most(25)),
        Line("write and read, p50", "ms"),
        Line("write and read, p99", "ms"),
        Line("pairs measured", ""),
        Line("wrong answers of others", "", at_most(0)),
    ),
    rounds=_rounds,
)

"""One client that asks the same again and again, and what it waited for the answers."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from typing import Any, NamedTuple

from bench.harness.figure import Skipped
from bench.harness.service import Service

WARM_UP = 10


class Waited(NamedTuple):
    p50_ms: float
    p99_ms: float


class Client:
    def __init__(self, service: Service, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", service.port, timeout=60)
        self._headers = {"X-Access-Token": token}

    def get(self, path: str) -> Any:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Skipped(f"GET {path} answered {answer.status}: {body[:200]!r}")
        return json.loads(body)

    def waited(self, path: str, times: int) -> Waited:
        """From asking to the last byte."""
        spent = []
        for n in range(WARM_UP + times):
            started = time.perf_counter()
            self._connection.request("GET", path, headers=self._headers)
            answer = self._connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise Skipped(f"GET {path} answered {answer.status}")
            if n >= WARM_UP:
                spent.append((time.perf_counter() - started) * 1000)
        spent.sort()
        return Waited(spent[len(spent) // 2], spent[int(len(spent) * 0.99)])

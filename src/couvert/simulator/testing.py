"""A simulator for tests: on a free port, in a thread of its own, with what a test asks of it as methods."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from couvert.simulator.server import listen, serving
from couvert.simulator.world import Options

NO_LIMIT = 1_000_000.0


@contextmanager
def simulated_ses(rate: float = NO_LIMIT, daily_quota: float = -1, **options: Any) -> Iterator[SimulatedSes]:
    """Takes whatever comes, unless told otherwise; `options` as in `Options`."""
    thread = _Thread(Options(rate=rate, daily_quota=daily_quota, **options))
    thread.start()
    try:
        yield SimulatedSes(thread.url())
    finally:
        thread.stop()


@dataclass(frozen=True)
class SimulatedSes:
    """One that runs at `url`, wherever that is."""

    url: str

    def faults(self, **faults: Any) -> None:
        """Those given, and no others: `faults(lose_answer={"next": 2})`; none at all ends them."""
        self._ask("PUT", "/simulator/faults", faults)

    def mails(self, *, messages: bool = True, **wanted: str) -> list[dict[str, Any]]:
        """Everything taken, the oldest first, its message as bytes; or only what is `wanted`, as `recipient="..."`."""
        query = urlencode({**wanted, "messages": str(messages).lower()})
        found: list[dict[str, Any]] = self._ask("GET", f"/simulator/mails?{query}")["mails"]
        for mail in found:
            if mail.get("message") is not None:
                mail["message"] = b64decode(mail["message"])
        return found

    def copies(self) -> dict[str, int]:
        """How many mails each recipient got."""
        return dict(self._ask("GET", "/simulator/copies"))

    def rates(self) -> dict[str, Any]:
        return dict(self._ask("GET", "/simulator/rates"))

    def state(self) -> dict[str, Any]:
        return dict(self._ask("GET", "/simulator"))

    def reset(self) -> None:
        self._ask("POST", "/simulator/reset")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= 400:
            raise ValueError(said["message"])
        return said


class _Thread(threading.Thread):
    def __init__(self, options: Options) -> None:
        super().__init__(name="simulated-ses", daemon=True)
        self._options = options
        self._listens = threading.Event()
        self._url = ""

    def url(self) -> str:
        if not self._listens.wait(10):
            raise TimeoutError("the simulator does not start")
        return self._url

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self.join()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        async with serving(self._options, listen("127.0.0.1", 0)) as world:
            self._url = world.url
            self._listens.set()
            await self._stopped.wait()

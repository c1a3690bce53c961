"""How many calls of SendEmail a second the simulator takes, asked by a client that costs next to nothing.

Run: python -m bench.simulator [CALLS [BYTES [CONNECTIONS]]]
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from base64 import b64encode
from typing import Final, cast
from urllib.parse import urlsplit

import uvloop
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from couvert.simulator.testing import simulated_ses_process

KEY: Final = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
WAYS: Final[dict[str, tuple[str, ...]]] = {
    "as it is": (),
    "signatures verified": ("--secret", ":".join(KEY)),
    "notices on a raw queue": ("--raw-queue", "notices"),
}


def call(url: str, message_bytes: int) -> bytes:
    """One signed call, to the byte; it stays good for five minutes."""
    text = random.Random(1).randbytes(message_bytes // 2).hex()
    raw = f"From: a@example.com\r\nTo: b@example.com\r\nSubject: Hello\r\n\r\n{text}\r\n".encode()
    body = json.dumps(
        {
            "FromEmailAddress": "a@example.com",
            "Destination": {"ToAddresses": ["b@example.com"]},
            "Content": {"Raw": {"Data": b64encode(raw).decode()}},
            "EmailTags": [{"Name": "delivery", "Value": "dlv_1"}],
            "ConfigurationSetName": "couvert",
        }
    ).encode()
    path = "/v2/email/outbound-emails"
    request = AWSRequest("POST", url + path, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(*KEY), "ses", "us-east-1").add_auth(request)
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Caller(asyncio.Protocol):
    """Asks the same again and again; answers are small enough to come in one piece."""

    def __init__(self, request: bytes, calls: int) -> None:
        self._request = request
        self._left = calls
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._left -= 1
        if not data.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(data.decode()))
        elif self._left:
            self._transport.write(self._request)
        else:
            self._transport.close()
            self.done.set_result(None)


async def per_second(url: str, calls: int, message_bytes: int, connections: int) -> float:
    parts, request, share = urlsplit(url), call(url, message_bytes), calls // connections
    loop, started_at = asyncio.get_running_loop(), time.perf_counter()
    host, port = str(parts.hostname), parts.port or 80
    callers = [
        (await loop.create_connection(lambda: Caller(request, share), host, port))[1] for _ in range(connections)
    ]
    await asyncio.gather(*(caller.done for caller in callers))
    return share * connections / (time.perf_counter() - started_at)


def main(calls: int = 20_000, message_bytes: int = 4_500, connections: int = 20) -> None:
    for way, options in WAYS.items():
        with simulated_ses_process(*options) as ses:
            cpu_before = ses.state()["cpuSeconds"]
            found = uvloop.run(per_second(ses.url, calls, message_bytes, connections))
            cpu_us = (ses.state()["cpuSeconds"] - cpu_before) / calls * 1e6
        print(f"{way:<25} {found:8,.0f} calls/s of {message_bytes:,} bytes each, {cpu_us:4.0f} us of CPU each")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))

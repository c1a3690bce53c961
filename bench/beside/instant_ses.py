"""A provider that speaks as much of SES as a sender needs, and says yes as soon as all of a call is there.

Run: python -m bench.beside.instant_ses PORT RATE      (RATE is what GetAccount says, in recipients per second)
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final, cast

import uvloop

BODY: Final = b'{"MessageId": "0100018c3f2a1b4c-0f2d3c4b-0000-0000-0000-000000000000-000000"}'
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
TAKEN: Final = HEAD % (len(BODY), BODY)


class Provider(asyncio.Protocol):
    account = b""
    """The answer to GetAccount."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._heard = b""

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if head.startswith(b"GET"):
            self._heard = b""
            self._transport.write(self.account)
        elif found and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            self._heard = b""
            self._transport.write(TAKEN)


async def serve(port: int, rate: float) -> None:
    quota = {"SendQuota": {"Max24HourSend": -1, "MaxSendRate": rate, "SentLast24Hours": 0}}
    account = json.dumps(quota).encode()
    Provider.account = HEAD % (len(account), account)
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2])))

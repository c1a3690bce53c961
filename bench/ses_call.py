"""What a call of SES v2 `SendEmail` costs the client in CPU, beside boto3 in threads and a bare write of its bytes.

Run: python bench/ses_call.py  (uvloop, as in production; the provider is a process of its own; about 20 s)
"""

import asyncio
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, Final

import boto3
import uvloop
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from couvert.delivery.transport import Message, Taken
from couvert.delivery.transports.ses import SesAccount, SesTransport, ses_from_url
from couvert.delivery.transports.ses.options import SesOptions
from couvert.delivery.transports.ses.signed import Signer, Wording
from couvert.domain.pace import AccountLimits

CONNECTIONS: Final = 16
ROUNDS: Final = 5
KEYS: Final = ReadOnlyCredentials("AKIDEXAMPLE", "secret", "a session's token " * 10)
CONTENT: Final = (
    b"From: shop@example.com\r\nSubject: Your order\r\nMessage-ID: <1@example.com>\r\n\r\n"
    + b"A line of seventy letters.\r\n" * 110
)
MESSAGE: Final = Message(1, 1, "shop@example.com", "charlie@example.org", CONTENT, "<1@bench.test>")
BODY: Final = b'{"MessageId": "0100018c3f2a1b4c-0f2d3c4b-0000-0000-0000-000000000000-000000"}'
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)

Contender = Callable[[str, int], Awaitable[float]]
"""Make so many calls at this URL; return the CPU seconds they took once all connections were open."""


class Always:
    def may_begin(self) -> bool:
        return True

    def may_complete(self) -> bool:
        return True


async def couvert(url: str, calls: int) -> float:
    os.environ |= {"AWS_ACCESS_KEY_ID": KEYS.access_key, "AWS_SECRET_ACCESS_KEY": KEYS.secret_key}
    os.environ["AWS_SESSION_TOKEN"] = KEYS.token or ""
    options = ses_from_url(f"ses://eu-central-1?connections={CONNECTIONS}&configuration_set=couvert", url)
    transport = SesTransport(SesAccount(options, AccountLimits(14)), options)

    async def worker(share: int) -> None:
        for _ in range(share):
            outcome = await (await transport.channel()).hand_over(MESSAGE, Always())
            assert isinstance(outcome, Taken), outcome

    await _on_all(lambda: worker(1))
    used = await _cpu_seconds(lambda: _on_all(lambda: worker(calls // CONNECTIONS)))
    await transport.close()
    return used


class Bare(asyncio.Protocol):
    """Signed once, no checks, no deadlines: what the event loop and the kernel cost by themselves."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(BODY):
            self.done.set_result(None)

    async def say(self, call: bytes) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport.write(call)  # type: ignore[attr-defined]
        await self.done


async def bare(url: str, calls: int) -> float:
    signer = Signer(KEYS, "eu-central-1", url)
    body = Wording(SesOptions(region="eu-central-1")).body(MESSAGE)
    call = signer.head(body) + body
    loop = asyncio.get_running_loop()
    where = signer.endpoint
    clients = [(await loop.create_connection(Bare, where.host, where.port))[1] for _ in range(CONNECTIONS)]

    async def worker(client: Bare) -> None:
        for _ in range(calls // CONNECTIONS):
            await client.say(call)

    async def all_work() -> None:
        await asyncio.gather(*map(worker, clients))

    return await _cpu_seconds(all_work)


async def amazons_client(url: str, calls: int) -> float:
    config = Config(max_pool_connections=CONNECTIONS, retries={"total_max_attempts": 1})
    client = boto3.client(
        "sesv2", "eu-central-1", endpoint_url=url, config=config,
        aws_access_key_id=KEYS.access_key, aws_secret_access_key=KEYS.secret_key, aws_session_token=KEYS.token,
    )  # fmt: skip

    def call(_: int) -> None:
        client.send_email(
            FromEmailAddress=MESSAGE.sender,
            Destination={"ToAddresses": [MESSAGE.recipient]},
            Content={"Raw": {"Data": MESSAGE.content}},
            EmailTags=[{"Name": "couvert-delivery", "Value": "1"}, {"Name": "couvert-attempt", "Value": "1"}],
            ConfigurationSetName="couvert",
        )

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(call, range(CONNECTIONS)))
        before = time.process_time()
        await asyncio.to_thread(lambda: list(threads.map(call, range(calls))))
        return time.process_time() - before


async def _on_all(work: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


async def _cpu_seconds(work: Callable[[], Awaitable[None]]) -> float:
    before = time.process_time()
    await work()
    return time.process_time() - before


class Provider(asyncio.Protocol):
    """Says yes to every call, as soon as all of it is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.heard = b""

    def data_received(self, data: bytes) -> None:
        self.heard += data
        head, found, body = self.heard.partition(b"\r\n\r\n")
        if head.startswith(b"GET"):
            self.transport.close()
        elif found and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            self.heard = b""
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


def provide(ready: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, family=socket.AF_INET)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


def main() -> None:
    here, there = multiprocessing.Pipe()
    provider = multiprocessing.get_context("spawn").Process(target=provide, args=(there,), daemon=True)
    provider.start()
    url = f"http://127.0.0.1:{here.recv()}"
    contenders: list[tuple[str, Contender, int]] = [
        ("bare", bare, 8_000), ("couvert", couvert, 8_000), ("boto3 in threads", amazons_client, 800),
    ]  # fmt: skip
    print(f"{len(CONTENT)} bytes a message, {CONNECTIONS} connections, CPU of the client per call, median of {ROUNDS}")
    for name, contender, calls in contenders:
        costs = [uvloop.run(contender(url, calls)) / calls * 1e6 for _ in range(ROUNDS)]  # type: ignore[arg-type]
        print(f"{name:18} {statistics.median(costs):7.1f} us   ({min(costs):.1f} to {max(costs):.1f})")
    provider.terminate()


if __name__ == "__main__":
    main()

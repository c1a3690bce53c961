"""What handing a mail to a relay costs the client, beside a loop that does the least there is and beside aiosmtplib.

Run: python bench/smtp_client.py      (needs Debian's postfix for smtp-sink; uvloop, as in production; about 15 s)
"""

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import aiosmtplib
import uvloop

from couvert.delivery.transport import Message, Taken
from couvert.delivery.transports.smtp import SmtpTransport, relay_from_url

CONNECTIONS = 8
ROUNDS = 5
SENDER, RECIPIENT = "shop@example.com", "charlie@example.org"
CONTENT = b"Subject: Your order\r\nMessage-ID: <1@example.com>\r\n\r\n" + b"A line of seventy letters or so.\r\n" * 90

Contender = Callable[[int, int], Awaitable[float]]
"""Hand over so many mails to this port; return the CPU seconds it took once all connections were open."""


class Always:
    def may_begin(self) -> bool:
        return True

    def may_complete(self) -> bool:
        return True


async def couvert(port: int, mails: int) -> float:
    transport = SmtpTransport(relay_from_url(f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}"))
    message = Message(1, 1, SENDER, RECIPIENT, CONTENT, "<1@bench.test>")
    clearance = Always()

    async def worker(share: int) -> None:
        for _ in range(share):
            channel = await transport.channel()
            outcome = await channel.hand_over(message, clearance)
            assert isinstance(outcome, Taken), outcome

    await _on_all(lambda: worker(1))
    used = await _cpu_seconds(lambda: _on_all(lambda: worker(mails // CONNECTIONS)))
    await transport.close()
    return used


class Bare(asyncio.Protocol):
    """No checks, no deadlines, one future per mail: what the event loop and the kernel cost by themselves."""

    ENVELOPE = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n".encode()

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if b"354" in data:
            self.transport.write(CONTENT + b".\r\n")  # type: ignore[attr-defined]
        elif data.endswith(b"\n"):
            self.done.set_result(None)

    async def say(self, line: bytes) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(line)  # type: ignore[attr-defined]
        await self.done


async def bare(port: int, mails: int) -> float:
    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(Bare, "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]
    for connection in connections:
        await connection.done
        await connection.say(b"EHLO bench\r\n")

    async def worker(connection: Bare) -> None:
        for _ in range(mails // CONNECTIONS):
            await connection.say(Bare.ENVELOPE)

    idle = iter(connections)
    used = await _cpu_seconds(lambda: _on_all(lambda: worker(next(idle))))
    for connection in connections:
        connection.transport.close()
    return used


async def with_aiosmtplib(port: int, mails: int) -> float:
    clients = [aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) for _ in range(CONNECTIONS)]
    for client in clients:
        await client.connect()

    async def worker(client: aiosmtplib.SMTP) -> None:
        for _ in range(mails // CONNECTIONS):
            await client.sendmail(SENDER, [RECIPIENT], CONTENT)

    idle = iter(clients)
    used = await _cpu_seconds(lambda: _on_all(lambda: worker(next(idle))))
    for client in clients:
        await client.quit()
    return used


CONTENDERS: dict[str, tuple[Contender, int]] = {
    "bare loop": (bare, 16_000),
    "couvert": (couvert, 16_000),
    "aiosmtplib": (with_aiosmtplib, 2_400),
}


async def main() -> None:
    print(f"{CONNECTIONS} connections, {len(CONTENT)} bytes a mail, medians of {ROUNDS} rounds")
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTENDERS}
    with _smtp_sink() as port:
        for _ in range(ROUNDS):
            for name, (contender, mails) in CONTENDERS.items():
                started_at = time.perf_counter()
                cpu = await contender(port, mails)
                figures[name].append((cpu / mails * 1e6, mails / (time.perf_counter() - started_at)))
    for name, rounds in figures.items():
        cpu_us, per_second = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:>12}: {cpu_us:6.1f} us of CPU a mail, {per_second:8,.0f} mails/s")


async def _on_all(worker: Callable[[], Awaitable[None]]) -> None:
    await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))


async def _cpu_seconds(work: Callable[[], Awaitable[None]]) -> float:
    before = time.process_time()
    await work()
    return time.process_time() - before


@contextmanager
def _smtp_sink() -> Iterator[int]:
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        raise SystemExit("smtp-sink is missing: apt-get install postfix")
    port = _free_port()
    # Started by root, it asks whom to be instead.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    relay = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "100"])
    try:
        _wait_until_open(port)
        yield port
    finally:
        relay.terminate()
        relay.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_open(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise SystemExit("smtp-sink did not start")


if __name__ == "__main__":
    uvloop.run(main())

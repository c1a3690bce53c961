"""What the store costs an item, all threads together: accept, begin and record, bulk, take.

Run: python bench/store.py [--directory DIR]      (uvloop, as in production; about 30 s; DIR on the disk to be measured)
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import uvloop

from couvert.commands.accept import AcceptMails, Lease
from couvert.commands.attempts import Attempts
from couvert.delivery.transport import Taken
from couvert.domain import mail
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.store.changes import Change
from couvert.store.log import Record
from couvert.store.rows import Content, StoredDelivery, StoredRecipient
from couvert.store.sqlite.store import SqliteStore
from couvert.wiring import SWITCH_SECONDS, now_ms

ROUNDS = 5
OWNER = 7
HTML = "<p>Dear {{ name }},</p>\n<p>your order is on its way to {{ mail }}.</p>\n" + "<p>A line of text.</p>\n" * 140
MAIL = AcceptMail(
    Sender("shop@example.com", "Shop"), (Recipient("charlie@example.org", "Charlie"),), "Hello {{ name }}", html=HTML
)


class Spent(NamedTuple):
    items: int
    wall: float
    cpu: float
    latencies: Sequence[float]


class Bench:
    def __init__(self, directory: Path) -> None:
        self.store = SqliteStore(directory, now_ms)
        self.ids = IdSource(0, now_ms)
        self.mails = AcceptMails(self.store, self.ids, now_ms)
        self.attempts = Attempts(self.store, now_ms, "hold", 30_000)

    async def accept(self, in_flight: int, count: int) -> Spent:
        """A mail to one recipient, leased by the worker of the same process: what a /v1 request does."""

        async def one() -> None:
            await self.mails.accept(MAIL, key=None, lease=Lease(OWNER, now_ms() + 30_000))

        return await spent(one, in_flight, count)

    async def begin_and_record(self, in_flight: int, count: int) -> Spent:
        """The two commits of an attempt that goes well."""
        rows: list[StoredDelivery] = []

        async def prepare() -> None:
            accepted = await self.mails.accept(MAIL, key=None, lease=Lease(OWNER, now_ms() + 300_000))
            rows.extend(accepted.deliveries)

        await spent(prepare, 256, count)

        async def one() -> None:
            begun = await self.attempts.begin(rows.pop())
            assert begun is not None
            await self.attempts.record(begun, Taken("0000014a-f4d4-4c4b-8b7a-123456789012-000000"))

        return await spent(one, in_flight, count)

    async def whole(self, in_flight: int, count: int) -> Spent:
        """One mail through all three commits."""

        async def one() -> None:
            accepted = await self.mails.accept(MAIL, key=None, lease=Lease(OWNER, now_ms() + 30_000))
            begun = await self.attempts.begin(accepted.deliveries[0])
            assert begun is not None
            await self.attempts.record(begun, Taken("0000014a-f4d4-4c4b-8b7a-123456789012-000000"))

        return await spent(one, in_flight, count)

    async def bulk(self, in_flight: int, count: int) -> Spent:
        """Changes of 1,000 recipients, made beforehand: the store alone."""
        changes = [self._change(1_000) for _ in range(count // 1_000)]

        async def one() -> None:
            await self.store.commit(changes.pop())

        result = await spent(one, in_flight, count // 1_000)
        return result._replace(items=count)

    async def take(self, limit: int, count: int) -> Spent:
        """Deliveries that are due, with their recipients."""
        while await self.store.take(owner=OWNER, now=now_ms() + 10, until=now_ms() + 900_000, limit=10_000):
            pass
        for _ in range(count // 1_000):
            await self.store.commit(self._change(1_000))

        async def one() -> None:
            taken = await self.store.take(owner=OWNER, now=now_ms() + 10, until=now_ms() + 900_000, limit=limit)
            assert len(taken) == limit

        result = await spent(one, 1, count // limit)
        return result._replace(items=count)

    def _change(self, recipients: int) -> Change:
        now, first = now_ms(), self.ids.block(1 + recipients)
        command = AcceptMail(MAIL.sender, MAIL.recipients * recipients, MAIL.subject, html=HTML)
        event = mail.accept(command, now=now, key_id=None)
        digest = sha256(HTML.encode()).digest()
        return Change(
            at=now,
            records=[Record(first, 0, event)],
            contents=[Content(first, MAIL.sender, MAIL.subject, None, digest, None, {}, MAIL.references)],
            bodies={digest: HTML},
            new_recipients=[
                StoredRecipient(first + n, Recipient(f"charlie{n}@example.org", f"Charlie {n}", "Acme", str(n)))
                for n in range(1, recipients + 1)
            ],
            new_deliveries=[StoredDelivery(mail.born(first, n, event), 1, now, 0) for n in range(1, recipients + 1)],
        )


async def spent(one: Callable[[], Awaitable[None]], in_flight: int, count: int) -> Spent:
    latencies: list[float] = []
    left = count

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            started = time.perf_counter()
            await one()
            latencies.append(time.perf_counter() - started)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return Spent(count, time.perf_counter() - wall, time.process_time() - cpu, sorted(latencies))


async def measure(name: str, run: Callable[[int, int], Awaitable[Spent]], in_flight: int, count: int) -> None:
    rounds = [await run(in_flight, count) for _ in range(ROUNDS)]
    rate = statistics.median(each.items / each.wall for each in rounds)
    cost = statistics.median(each.cpu / each.items for each in rounds) * 1e6
    middle = sorted(rounds, key=lambda each: each.wall)[ROUNDS // 2].latencies
    p50, p99 = (middle[int(len(middle) * share)] * 1_000 for share in (0.5, 0.99))
    print(f"| {name:38} | {in_flight:5} | {rate:9,.0f} | {cost:6.1f} | {p50:6.2f} | {p99:6.2f} |", flush=True)


async def run(directory: Path) -> None:
    sys.setswitchinterval(SWITCH_SECONDS)
    bench = Bench(directory)
    print(f"| {'':38} | {'N':>5} | {'items/s':>9} | {'CPU us':>6} | {'p50 ms':>6} | {'p99 ms':>6} |")
    print("|---|---|---|---|---|---|")
    await bench.accept(32, 1_000)
    for in_flight in (1, 32, 256):
        await measure("accept, one recipient", bench.accept, in_flight, 300 if in_flight == 1 else 6_000)
    for in_flight in (32, 256):
        await measure("begin and record", bench.begin_and_record, in_flight, 6_000)
    for in_flight in (32, 256):
        await measure("accept, begin and record", bench.whole, in_flight, 6_000)
    for in_flight in (1, 8):
        await measure("bulk, changes of 1,000 recipients", bench.bulk, in_flight, 40_000)
    for limit in (40, 200):
        await measure(f"take {limit} (N: how many at once)", bench.take, limit, 12_000)
    await bench.store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path)
    with tempfile.TemporaryDirectory(dir=parser.parse_args().directory) as temporary:
        uvloop.run(run(Path(temporary)))

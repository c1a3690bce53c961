"""What accepting costs in CPU, its commit included: `python bench/accepting.py`.

One mail, a batch of a hundred, and one mail to ten thousand, each through the checks and into a real store.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from couvert.commands.accept import AcceptMails
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.store.sqlite.store import SqliteStore

ROUNDS = 7
HTML = "<h1>Hello {{name}}</h1>" + "<p>Here is your weekly summary of everything.</p>\n" * 60 + "{{code}}"  # 3 kB


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def mail(recipients: int) -> AcceptMail:
    everybody = [
        Recipient(f"c{n}@example.org", f"Charlie {n}", "Acme", str(n), {"code": str(n)}) for n in range(recipients)
    ]
    return AcceptMail(Sender("support@example.com", "Support"), tuple(everybody), "Hello {{name}}", html=HTML)


async def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory), now_ms)
        mails = AcceptMails(store, IdSource(0, now_ms), now_ms)
        one, many = mail(1), mail(10_000)

        async def singles() -> None:
            await asyncio.gather(*[mails.accept(one, key=None) for _ in range(200)])

        async def batch() -> None:
            await mails.accept_all([mails.checked(one) for _ in range(100)], key=None)

        async def bulk() -> None:
            await mails.accept(many, key=None)

        for title, work, count in (("mail, 200 at once", singles, 200), ("mail of a batch", batch, 100),
                                   ("recipient of 10,000", bulk, 10_000)):  # fmt: skip
            cpu, wall = await best_us(work, count)
            print(f"{title:<22}{cpu:>8.1f} us CPU{wall:>8.1f} us")
        await store.close()


async def best_us(work: Callable[[], Awaitable[None]], count: int) -> tuple[float, float]:
    rounds = []
    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        await work()
        rounds.append(((time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6))
    return min(rounds)


if __name__ == "__main__":
    asyncio.run(main())

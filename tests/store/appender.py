"""A process of its own that commits mails as fast as it can and says, line by line, what it was told of each.

Run: python -m tests.store.appender DIRECTORY NODE [COUNT]      (from the root of the repository)
"""

import asyncio
import sys
import time
from pathlib import Path

import structlog

from couvert.domain.ids import IdSource
from couvert.domain.refusals import Unavailable
from couvert.store.port import Store
from couvert.store.sqlite.store import SqliteStore
from tests.store.changes import content_of, mail

IN_FLIGHT = 8


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def append(store: Store, ids: IdSource, count: int) -> None:
    for _ in range(count):
        change = mail(ids)
        mail_id = content_of(change).mail_id
        try:
            say("kept", mail_id, await store.commit(change))
        except Unavailable as trouble:
            say("refused", mail_id, int(trouble.may_be_kept))
            await asyncio.sleep(0.02)


def say(outcome: str, mail_id: int, number: int) -> None:
    sys.stdout.write(f"{outcome} {mail_id} {number}\n")
    sys.stdout.flush()


async def main(directory: Path, node: int, count: int) -> None:
    store, ids = SqliteStore(directory, now_ms), IdSource(node, now_ms)
    await asyncio.gather(*(append(store, ids, count // IN_FLIGHT) for _ in range(IN_FLIGHT)))
    await store.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 10_000_000))

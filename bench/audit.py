"""What it takes to prove, and to build anew, a million deliveries: `python bench/audit.py [deliveries] [directory]`."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from couvert.commands.rows import happened
from couvert.domain.delivery_events import Begun, Sent
from couvert.domain.mail import BULK, MailAccepted, Recipient, References, Sender, born
from couvert.readmodels.audit import audit
from couvert.readmodels.connections import transaction
from couvert.readmodels.rebuild import rebuild
from couvert.store.changes import Change, Transition
from couvert.store.log import Record
from couvert.store.rows import Content, StoredDelivery, StoredRecipient
from couvert.store.sqlite.batch import Batch
from couvert.store.sqlite.connections import open_writer
from couvert.store.sqlite.migration import migrate
from couvert.store.sqlite.store import FILE

T = TypeVar("T")

RECIPIENTS = 1_000
NOW = 1_738_000_000_000
DAY_MS = 24 * 3_600_000
FIRST_ID = 1 << 58
BLOCK = 1 << 16


def main() -> None:
    deliveries = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if sys.argv[2:] else None) as name:
        directory = Path(name)
        write(directory, deliveries // RECIPIENTS)
        before = memory_mb()
        rebuilt = timed("rebuild, from nothing", lambda: rebuild(directory))
        print(f"  {rebuilt.events:,} events, {rebuilt.events_per_second:,.0f} a second")
        again = timed("rebuild, compared with the live ones", lambda: rebuild(directory))
        print(f"  agreed: {again.has_agreed}, {again.events_per_second:,.0f} a second")
        report = timed("audit, read models included", lambda: audit(directory))
        print(f"  {report.deliveries:,} deliveries, {report.events:,} events, {report.faults.count} faults")
        print(f"memory: {before} MB once the data was written, {memory_mb()} MB at most")


def timed(what: str, work: Callable[[], T]) -> T:
    started = time.perf_counter()
    result = work()
    print(f"{what}: {time.perf_counter() - started:.1f} s")
    return result


def memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def write(directory: Path, mails: int) -> None:
    """Mails to a thousand each: accepted, then begun and sent in the groups that a worker makes of them."""
    with closing(open_writer(directory / FILE)) as database:
        migrate(database)
        database.execute("pragma synchronous = off")
        for number in range(mails):
            with transaction(database):
                for changes in past(FIRST_ID + number * BLOCK):
                    Batch(database, NOW).apply(changes)
            if number % 100 == 0:
                database.execute("pragma wal_checkpoint(truncate)").fetchall()


def past(mail_id: int) -> Iterator[list[Transition]]:
    accepted = MailAccepted(RECIPIENTS, BULK, NOW, NOW + DAY_MS)
    rows = [StoredDelivery(born(mail_id, n, accepted), 1, NOW, 0) for n in range(1, RECIPIENTS + 1)]
    body = f"<p>Hello {{{{name}}}}, this is {mail_id}</p>"
    content = Content(
        mail_id, Sender("alice@example.com"), "Hello", None, sha256(body.encode()).digest(), None, {}, References()
    )
    recipients = [StoredRecipient(row.delivery.id, Recipient(f"{row.delivery.id}@example.net")) for row in rows]
    yield [
        Change(
            NOW,
            [Record(mail_id, 0, accepted)],
            contents=[content],
            bodies={sha256(body.encode()).digest(): body},
            new_recipients=recipients,
            new_deliveries=rows,
        )
    ]
    for start in range(0, RECIPIENTS, 64):
        begun = [happened(row, [Begun(1)], at=NOW) for row in rows[start : start + 64]]
        yield [change for change, _ in begun]
        yield [happened(row, [Sent(1, f"0102018f2f1e3a5c-{row.delivery.id:x}")], at=NOW)[0] for _, row in begun]


if __name__ == "__main__":
    main()

"""How fast the read models follow a log of 200,000 events: `python bench/projection.py [directory]`."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from couvert.domain.delivery_events import Begun, Deferred, Delivered, Sent
from couvert.domain.mail import BULK, TRANSACTIONAL, MailAccepted, Recipient, References, Sender
from couvert.readmodels.connections import transaction
from couvert.readmodels.log import read_page
from couvert.readmodels.marking import marked, marker_of
from couvert.readmodels.model_file import ModelFile
from couvert.store import codec
from couvert.store.log import Event
from couvert.store.rows import Content, StoredRecipient
from couvert.store.sqlite import statements
from couvert.store.sqlite.connections import open_reader, open_writer
from couvert.store.sqlite.migration import migrate
from couvert.store.sqlite.rows import TENANT, content_row, recipient_row
from couvert.store.sqlite.store import FILE

SINGLE_MAILS, BULK_MAILS, RECIPIENTS = 25_000, 33, 1_000
NOW = 1_738_000_000_000
DAY_MS = 24 * 3_600_000
FIRST_ID = 1 << 58
BLOCK = 1 << 16


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as name:
        directory = Path(name)
        with closing(open_writer(directory / FILE)) as database:
            migrate(database)
            write_log(database)
            write_vault(database)
        for page in (500, 2_000):
            follow(directory, page)


def follow(directory: Path, page: int) -> None:
    """From nothing, as a rebuild and a follower that lags behind do."""
    started, started_cpu, events = time.perf_counter(), time.process_time(), 0
    with closing(open_reader(directory / FILE)) as source, ModelFile(directory / f"{page}.db") as models:
        marker = marker_of(source)
        while (batch := read_page(source, models.checkpoint, limit=page)).events:
            models.advance(batch.events, batch.end, marked(source, batch.events, marker))
            events += len(batch.events)
    seconds, cpu = time.perf_counter() - started, time.process_time() - started_cpu
    rate, cost = events / seconds, cpu / events * 1e6
    print(f"{events:,} events, {page:,} a transaction: {rate:,.0f} events/s, {cost:.1f} us of CPU each")


def write_log(database: sqlite3.Connection) -> None:
    rows = [
        (position, TENANT, stream, part, *codec.encode(event), NOW + position)
        for position, (stream, part, event) in enumerate(made_up(), 1)
    ]
    with transaction(database):
        statements.insert(database, statements.EVENT, [(*row[:5], row[6], row[5]) for row in rows])


def write_vault(database: sqlite3.Connection) -> None:
    """What the index of the vault is made of."""
    mails = [(stream, event.count) for stream, _, event in made_up() if isinstance(event, MailAccepted)]
    contents = [content(mail_id, number) for number, (mail_id, _) in enumerate(mails)]
    recipients = [
        StoredRecipient(mail_id + n, Recipient(f"u{n}.m{number}@example.com"))
        for number, (mail_id, count) in enumerate(mails)
        for n in range(1, count + 1)
    ]
    with transaction(database):
        statements.insert(database, statements.CONTENT, [content_row(each) for each in contents])
        statements.insert(database, statements.RECIPIENT, [recipient_row(each) for each in recipients])


def content(mail_id: int, number: int) -> Content:
    references = References(
        f"msg-{number}", f"env-{number % 3}", f"project-{number % 100}", f"closure-{number % 5_000}"
    )
    subject = f"Order {20_240_000 + number} of {{{{name}}}} is on its way to you"
    return Content(mail_id, Sender("shop@example.com"), subject, None, None, None, {}, references, ("welcome",))


def made_up() -> Iterator[tuple[int, int, Event]]:
    """Half of it single mails, half bulk; one hand-over in ten is put off at first; nearly all arrive."""
    for number in range(SINGLE_MAILS):
        yield from single_mail(FIRST_ID + number * BLOCK, number)
    for number in range(SINGLE_MAILS, SINGLE_MAILS + BULK_MAILS):
        yield from bulk_mail(FIRST_ID + number * BLOCK)


def single_mail(mail_id: int, number: int) -> Iterator[tuple[int, int, Event]]:
    yield mail_id, 0, MailAccepted(1, TRANSACTIONAL, NOW, NOW + DAY_MS)
    attempt = 1
    if number % 10 == 0:
        yield mail_id, 1, Begun(attempt)
        yield mail_id, 1, Deferred(attempt, NOW)
        attempt = 2
    yield from handed_over(mail_id, 1, attempt)


def bulk_mail(mail_id: int) -> Iterator[tuple[int, int, Event]]:
    """64 at once are under way, as a worker has them."""
    yield mail_id, 0, MailAccepted(RECIPIENTS, BULK, NOW, NOW + DAY_MS)
    for start in range(1, RECIPIENTS + 1, 64):
        hands = range(start, min(start + 64, RECIPIENTS + 1))
        stories = [list(handed_over(mail_id, n, 1)) for n in hands]
        for moment in zip(*stories, strict=True):
            yield from moment


def handed_over(mail_id: int, n: int, attempt: int) -> Iterator[tuple[int, int, Event]]:
    yield mail_id, n, Begun(attempt)
    yield mail_id, n, Sent(attempt, f"0102018f2f1e3a5c-{mail_id + n:016x}-000000")
    yield mail_id, n, Delivered(attempt)


if __name__ == "__main__":
    main()

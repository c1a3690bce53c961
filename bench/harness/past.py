"""Deliveries that were finished in the last month, written through the store's port as sending them leaves them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

from bench.harness.filling import with_parts
from bench.harness.mails import HTML, SENDER, mail_to
from couvert.domain import mail
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Begun, Sent
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, MailAccepted, References
from couvert.store.changes import Change
from couvert.store.log import Record
from couvert.store.rows import Content, StoredDelivery, StoredRecipient
from couvert.wiring import Parts

MONTH_MS = 30 * 24 * 3_600_000
BULK = 1_000
HANDS = 64
"""Attempts that were begun together, as a courier's are."""
AT_ONCE = 4
_SHA = sha256(HTML.encode()).digest()
_PROVIDER_ID = "4XkQ2c0Z1Yz9sWq"


def finish(directory: Path, deliveries: int) -> None:
    """Nine in ten were recipients of a bulk mail, the others had a mail of their own."""

    async def work(parts: Parts) -> None:
        changes = _changes(deliveries)
        while some := list(islice(changes, AT_ONCE)):
            await asyncio.gather(*map(parts.store.commit, some))

    with_parts(directory, work)


def _changes(deliveries: int) -> Iterator[Change]:
    month_ago = int(time.time() * 1000) - MONTH_MS
    clock = [month_ago]
    ids = IdSource(0, lambda: clock[0])
    done = number = 0
    while done < deliveries:
        is_bulk = done // BULK % 10 != 9
        clock[0] = month_ago + MONTH_MS * done // deliveries
        number += 1
        change = _sent(mail_to(number, BULK if is_bulk else 1), ids, clock[0])
        done += len(change.new_deliveries)
        yield change


def _sent(command: AcceptMail, ids: IdSource, now: int) -> Change:
    mail_id = ids.block(1 + len(command.recipients))
    event = mail.accept(command, now=now, key_id=None)
    parts = range(1, event.count + 1)
    return Change(
        at=now,
        records=[Record(mail_id, 0, event), *_attempts(mail_id, parts)],
        contents=[
            Content(mail_id, SENDER, command.subject, None, _SHA, None, {}, References(f"msg-{mail_id}"), ("receipt",))
        ],
        bodies={_SHA: HTML},
        new_recipients=[StoredRecipient(mail_id + n, r) for n, r in enumerate(command.recipients, 1)],
        new_deliveries=[_row(mail_id, n, event) for n in parts],
    )


def _attempts(mail_id: int, parts: Sequence[int]) -> Iterator[Record]:
    for start in range(0, len(parts), HANDS):
        together = parts[start : start + HANDS]
        yield from (Record(mail_id, n, Begun(1)) for n in together)
        yield from (Record(mail_id, n, Sent(1, _PROVIDER_ID)) for n in together)


def _row(mail_id: int, n: int, event: MailAccepted) -> StoredDelivery:
    born = mail.born(mail_id, n, event)
    sent = born._replace(state=State.SENT, attempt=1, due_at=None)
    return StoredDelivery(sent, revision=4, wake_at=None, owner=0)

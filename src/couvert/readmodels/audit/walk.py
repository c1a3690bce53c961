"""The audit itself: the log mail by mail, merged with every table that must say the same."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final, get_args

import msgspec

from couvert.domain.key import KeyEvent
from couvert.domain.mail import MailAccepted
from couvert.domain.refusals import NotFound
from couvert.readmodels.audit import notices, results, sentences
from couvert.readmodels.audit.accounts import Accounts
from couvert.readmodels.audit.deliveries import Deliveries
from couvert.readmodels.audit.keys import Keys
from couvert.readmodels.audit.models import Models, models_of
from couvert.readmodels.audit.ordered import Ordered
from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import RawEvent, Snapshot
from couvert.readmodels.audit.suppressions import Suppressions
from couvert.readmodels.audit.webhooks import Webhooks
from couvert.readmodels.connections import open_read_only, snapshot
from couvert.readmodels.folds import (
    FollowedDelivery,
    FollowedMail,
    Heard,
    accepted_mail,
    born_delivery,
    counted,
    is_delivery_event,
)
from couvert.store import codec
from couvert.store.log import LoggedEvent
from couvert.store.sqlite.migration import check
from couvert.store.sqlite.store import FILE

_KEY_EVENTS: Final = get_args(KeyEvent)


def audit(directory: Path) -> AuditReport:
    """Of one moment, beside whatever runs. Raises `NotFound` without a database, `OtherSchema` for that of another."""
    if not (directory / FILE).is_file():
        raise NotFound(f"There is no {FILE} in {directory}.")
    started, report = time.monotonic(), AuditReport()
    try:
        # The read models first: later, they could have passed the log's moment.
        with (
            models_of(directory, report.faults) as models,
            closing(open_read_only(directory / FILE)) as database,
            snapshot(database),
        ):
            check(database)
            _Walk(Snapshot(database), models, report).walk()
    except sqlite3.DatabaseError as error:
        report.faults.add(f"The audit could not go on: {error}.")
    report.seconds = time.monotonic() - started
    return report


class _Walk:
    def __init__(self, log: Snapshot, models: Models | None, report: AuditReport) -> None:
        self._log = log
        self._report = report
        self._fault = report.faults.add
        self._models = models if models and self._is_comparable(models) else None
        self._contents = Ordered(log.contents(), self._unaccepted_content)
        self._suppressions = Suppressions(log, report)
        self._deliveries = Deliveries(log, self._models, self._suppressions, report)
        self._accounts = Accounts(log, report)
        self._keys = Keys(log, report)
        self._webhooks = Webhooks(log, report)

    def walk(self) -> None:
        self._report.position = self._log.position()
        for stream, events in groupby(self._log.events(), key=attrgetter("stream")):
            self._stream(stream, events)
        self._contents.finish()
        self._deliveries.finish()
        self._accounts.finish()
        self._keys.finish()
        self._suppressions.finish()
        self._webhooks.finish()
        notices.check(self._log, self._report)
        results.check(self._log, self._report)
        if self._models is not None:
            self._models.finish()
        if missing := self._report.position - self._report.events:
            # The store counts positions without gaps. Times prove nothing: clocks step back, and are several.
            self._fault(f"{missing} events before position {self._report.position} are gone from the log.")

    def _is_comparable(self, models: Models) -> bool:
        if not self._log.holds(models.checkpoint):
            self._fault("The read models followed another log, or this one lost its end: run `couvert rebuild`.")
            return False
        self._report.read_models = models.checkpoint.position
        return True

    def _stream(self, stream: int, events: Iterable[RawEvent]) -> None:
        """A mail with its deliveries, a user, an API token, an API key, a suppression or a webhook."""
        by_part = ((part, list(self._read(of_part))) for part, of_part in groupby(events, key=attrgetter("part")))
        parts = Ordered(by_part, partial(self._unaccepted_part, stream))
        own = parts.take(0) or []
        is_checked = self._accounts.has_checked(stream, own) or self._webhooks.has_checked(stream, own)
        mail = None if is_checked else self._accepted(stream, own)
        if mail is not None:
            self._mail(mail, parts)
        parts.finish()

    def _read(self, events: Iterable[RawEvent]) -> Iterator[LoggedEvent]:
        for raw in events:
            self._report.events += 1
            try:
                event = codec.decode(raw.code, raw.payload)
            except LookupError:
                self._fault(f"Event {raw.position} is of kind {raw.code}, which this couvert does not know.")
            except msgspec.MsgspecError as error:
                self._fault(f"Event {raw.position} cannot be read: {error}.")
            else:
                yield LoggedEvent(raw.position, raw.stream, raw.part, raw.at, event)

    def _accepted(self, stream: int, own: Sequence[LoggedEvent]) -> FollowedMail | None:
        """The mail as its first event has it; None for a key or a suppression."""
        if own and all(isinstance(logged.event, _KEY_EVENTS) for logged in own):
            self._keys.check_known(stream)
            return None
        if self._suppressions.has_checked(stream, [logged.event for logged in own]):
            return None
        if not own or not isinstance(own[0].event, MailAccepted):
            self._fault(f"There are events of {sentences.mail(stream)}, which was never accepted.")
            return None
        for position, *_ in own[1:]:
            self._fault(f"Event {position} has no place in the history of {sentences.mail(stream)}.")
        return accepted_mail(stream, own[0].event, at=own[0].at, position=own[0].position)

    def _mail(self, mail: FollowedMail, parts: Ordered[list[LoggedEvent]]) -> None:
        self._report.mails += 1
        self._keys.accepted(mail.accepted, mail.position, mail.accepted_at)
        self._check_content(mail.mail_id)
        moves = (self._delivery(mail, n, parts.take(n) or []) for n in range(1, mail.accepted.count + 1))
        # Consumes the moves one by one: ten thousand recipients take no more memory than one.
        then = counted(mail, moves)
        if self._models is not None and mail.position <= self._models.checkpoint.position:
            self._models.compare_mail(then)

    def _delivery(
        self, mail: FollowedMail, n: int, events: Sequence[LoggedEvent]
    ) -> tuple[FollowedDelivery, FollowedDelivery]:
        """As it was born and as of the read models' checkpoint."""
        born = born_delivery(mail, n)
        return born, self._deliveries.check(born, list(self._history(born.delivery.id, events)))

    def _history(self, delivery_id: int, events: Iterable[LoggedEvent]) -> Iterator[Heard]:
        for position, _, _, at, event in events:
            if is_delivery_event(event):
                yield position, at, event
            else:
                self._fault(f"Event {position} has no place in the history of {sentences.delivery(delivery_id)}.")

    def _check_content(self, mail_id: int) -> None:
        content = self._contents.take(mail_id)
        if content is None:
            self._fault(f"The content of {sentences.mail(mail_id)} is not in the vault.")
        elif content.says_nothing:
            self._fault(f"The content of {sentences.mail(mail_id)} has no body.")
        elif content.lacks_a_body:
            self._fault(f"A body of {sentences.mail(mail_id)} is not in the vault.")
        elif content.lacks_an_attachment:
            self._fault(f"An attachment of {sentences.mail(mail_id)} is not in the vault.")

    def _unaccepted_content(self, mail_id: int) -> None:
        self._fault(f"The vault has the content of {sentences.mail(mail_id)}, which was never accepted.")

    def _unaccepted_part(self, stream: int, n: int) -> None:
        self._fault(f"There are events of recipient {n} of {sentences.mail(stream)}, which has no such recipient.")

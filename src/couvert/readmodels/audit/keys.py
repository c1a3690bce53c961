"""API keys: exactly one row each, which says what the log says, and as many recipients a day as were accepted."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from contextlib import suppress
from typing import Final, get_args

import msgspec

from couvert.domain.key import ApiKey, KeyEvent, KeyRestricted, evolve
from couvert.domain.mail import MailAccepted
from couvert.domain.restrictions import daily_use
from couvert.readmodels.audit import sentences
from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import KEY_COLUMNS, Snapshot
from couvert.store import codec
from couvert.store.log import Position
from couvert.store.rows import StoredKey
from couvert.store.sqlite.rows import Row, key_row

_KEY_EVENTS: Final = get_args(KeyEvent)
_HASH: Final = KEY_COLUMNS.index("hash")
_FOLDED: Final = KEY_COLUMNS.index("senders")
"""The columns before this one are the fold of the log, but for the hash; the senders are not in it."""

History = list[tuple[Position, ApiKey]]
"""A key as each of its restrictions left it."""


class Keys:
    """Their rows are compared when this is made, mails are then told one after the other: keys are few."""

    def __init__(self, log: Snapshot, report: AuditReport) -> None:
        self._log = log
        self._fault = report.faults.add
        self._histories: dict[int, History] = {}
        self._used: Counter[tuple[int, int]] = Counter()
        for row in log.api_keys():
            self._check(row)

    def check_known(self, stream: int) -> None:
        if stream not in self._histories:
            self._fault(f"The row of API key {stream} is lost.")

    def accepted(self, mail: MailAccepted, position: Position, at: int) -> None:
        """Count it, if its key had a quota when it was accepted."""
        history = self._histories.get(mail.key_id or 0, [])
        then = bisect(history, position, key=lambda entry: entry[0])
        if then:
            _, key = history[then - 1]
            use = daily_use(key.restrictions, key.id, mail.count, at)
            if use is not None:
                self._used[use.key, use.day] += use.recipients

    def finish(self) -> None:
        stored = dict(self._log.key_usage())
        for key, day in sorted(stored.keys() | self._used.keys()):
            is_, should_be = stored.get((key, day), 0), self._used[key, day]
            if is_ != should_be:
                self._fault(f"Of API key {key}, {is_} recipients are counted on day {day}, by the log {should_be}.")

    def _check(self, row: Row) -> None:
        id_ = row[0]
        key = ApiKey(id_, "", row[_HASH], "", is_active=False, created_at=0, expires_at=None, origins=())
        history = self._histories[id_] = []
        for position, at, event in self._events(id_):
            key = evolve(key, event, at)
            if isinstance(event, KeyRestricted):
                history.append((position, key))
        folded = key_row(StoredKey(key, 0))
        if different := sentences.differences(KEY_COLUMNS[:_FOLDED], row[:_FOLDED], folded[:_FOLDED]):
            self._fault(f"In the row of API key {id_}: {different}.")
        if set(self._log.key_origins(id_)) != {origin.name for origin in key.origins}:
            self._fault(f"API key {id_} is found by other origins than it has.")

    def _events(self, stream: int) -> list[tuple[Position, int, KeyEvent]]:
        """What cannot be read, the walk tells."""
        events = []
        for raw in self._log.events_of(stream):
            with suppress(LookupError, msgspec.MsgspecError):
                event = codec.decode(raw.code, raw.payload)
                if isinstance(event, _KEY_EVENTS):
                    events.append((raw.position, raw.at, event))
        return events

"""Suppressions: one row each, which says what the log says; nobody was stopped without one, or sent to despite one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple, get_args

import msgspec

from couvert.domain import ids, suppression as rules
from couvert.domain.delivery_events import Begun, Bounced, Delivered, Suppressed
from couvert.domain.suppression import Suppression, SuppressionAdded, SuppressionChanged, SuppressionEvent, mark_of
from couvert.readmodels.audit import sentences
from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import SUPPRESSION_COLUMNS, Snapshot
from couvert.readmodels.folds import Heard
from couvert.store import codec
from couvert.store.log import Position
from couvert.store.rows import StoredSuppression
from couvert.store.sqlite.rows import Row
from couvert.store.sqlite.suppressions import suppression_row

_EVENTS: Final = get_args(SuppressionEvent)
_ADDRESS: Final = SUPPRESSION_COLUMNS.index("address")
_MARK: Final = SUPPRESSION_COLUMNS.index("mark")
LATE_MS: Final = 600_000
"""An event bears the time at which its command decided, the store judges by its own when it commits: they differ by a
wait for the disk, and clocks are several. Around an expiry the audit leaves it undecided."""


class _Moment(NamedTuple):
    """A suppression as one of its events left it."""

    position: Position
    suppression: Suppression


class Suppressions:
    """Their rows are compared when this is made, deliveries are then told one after the other."""

    def __init__(self, log: Snapshot, report: AuditReport) -> None:
        self._log = log
        self._fault = report.faults.add
        self._histories: dict[int, list[_Moment]] = {}
        self._by_mark: dict[bytes, int] = {}
        self._active: set[int] = set()
        self._begun_anew: dict[int, list[Position]] = defaultdict(list)
        """Delivery -> where its soft bounce suppressed the address, and the row of them began anew."""
        for row in log.suppressions():
            self._check(row)
        self._counted = dict(log.soft_bounces())
        self._bounces: dict[bytes, list[tuple[Position, bool | None]]] = defaultdict(list)
        """Of the addresses that have soft bounces now: a bounce, its end as a suppression, a delivered mail."""

    def has_checked(self, stream: int, events: Sequence[object]) -> bool:
        """Whether the stream is a suppression's; then its row was compared."""
        if not events or not all(isinstance(event, _EVENTS) for event in events):
            return False
        if stream not in self._histories:
            self._fault(f"The row of {_name(stream)} is lost.")
        return True

    def delivery(self, delivery_id: int, address: str | None, history: Sequence[Heard]) -> None:
        """Its recipient's address, None if it was erased."""
        mark = b"" if address is None or not (self._by_mark or self._counted) else mark_of(address)
        for position, at, event in history:
            if isinstance(event, Suppressed):
                self._check_stopped(delivery_id, mark, position, at, event)
            elif isinstance(event, Begun) and mark in self._by_mark:
                self._check_begun(delivery_id, mark, position, at)
        if mark in self._counted:
            self._count(mark, delivery_id, history)

    def finish(self) -> None:
        for mark, stored in self._counted.items():
            in_a_row = 0
            for _, is_bounce in sorted(self._bounces[mark], key=lambda heard: (heard[0], heard[1] is None)):
                in_a_row = in_a_row + 1 if is_bounce else 0
            if in_a_row != stored:
                self._fault(f"Of an address, {stored} soft bounces in a row are counted, by the log {in_a_row}.")

    def _check(self, row: Row) -> None:
        id_ = row[0]
        suppression = rules.blank(id_, row[_ADDRESS])
        history = self._histories[id_] = []
        for position, at, event in self._events(id_):
            suppression = rules.evolve(suppression, event, at)
            history.append(_Moment(position, suppression))
            is_caused = isinstance(event, SuppressionAdded | SuppressionChanged) and event.reason == "soft_bounces"
            if is_caused and suppression.delivery is not None:
                self._begun_anew[suppression.delivery].append(position)
        folded = suppression_row(StoredSuppression(suppression, 0))
        if not history:
            self._fault(f"There is a row of {_name(id_)}, which was never added.")
        elif different := sentences.differences(SUPPRESSION_COLUMNS[:-1], row[:-1], folded[:-1]):
            self._fault(f"In the row of {_name(id_)}: {different}.")
        if suppression.is_active:
            self._by_mark[row[_MARK]] = id_
            self._active.add(id_)

    def _check_stopped(self, delivery_id: int, mark: bytes, position: Position, at: int, event: Suppressed) -> None:
        suppression = self._as_of(event.suppression, position)
        if suppression is None or not rules.is_in_force(suppression, at - LATE_MS):
            why = "was not in force"
        elif mark and event.suppression in self._active and self._by_mark.get(mark) != event.suppression:
            why = "is another address's"
        else:
            return
        name, suppression_name = sentences.delivery(delivery_id), _name(event.suppression)
        self._fault(f"At event {position}, {name} was suppressed by {suppression_name}, which {why}.")

    def _check_begun(self, delivery_id: int, mark: bytes, position: Position, at: int) -> None:
        id_ = self._by_mark[mark]
        suppression = self._as_of(id_, position)
        if suppression is not None and rules.is_in_force(suppression, at + LATE_MS):
            self._fault(f"At event {position}, {sentences.delivery(delivery_id)} was begun despite {_name(id_)}.")

    def _as_of(self, id_: int, position: Position) -> Suppression | None:
        """As the events before this position left it."""
        before = [moment for moment in self._histories.get(id_, ()) if moment.position < position]
        return before[-1].suppression if before else None

    def _count(self, mark: bytes, delivery_id: int, history: Sequence[Heard]) -> None:
        told = list[object]()
        for position, _, event in history:
            is_soft = isinstance(event, Bounced) and event.kind == "soft"
            if (is_soft or isinstance(event, Delivered)) and event not in told:
                self._bounces[mark].append((position, is_soft))
            told.append(event)
        self._bounces[mark] += ((position, None) for position in self._begun_anew.get(delivery_id, ()))

    def _events(self, stream: int) -> list[tuple[Position, int, SuppressionEvent]]:
        """What cannot be read, the walk tells."""
        events = []
        for raw in self._log.events_of(stream):
            with suppress(LookupError, msgspec.MsgspecError):
                event = codec.decode(raw.code, raw.payload)
                if isinstance(event, _EVENTS):
                    events.append((raw.position, raw.at, event))
        return events


def _name(id_: int) -> str:
    return f"suppression {ids.encode('sup', id_)}"

"""Each accepted recipient: exactly one row, which says what the log says, and somebody to send to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from couvert.domain.delivery import Delivery, State
from couvert.readmodels.audit import sentences
from couvert.readmodels.audit.handovers import HandOvers
from couvert.readmodels.audit.models import Models
from couvert.readmodels.audit.ordered import Ordered
from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import DELIVERY_COLUMNS, Snapshot
from couvert.readmodels.audit.suppressions import Suppressions
from couvert.readmodels.folds import FollowedDelivery, Heard, followed
from couvert.readmodels.log import END
from couvert.store.rows import StoredDelivery
from couvert.store.sqlite.rows import Row, delivery_row

FOLDED: Final = DELIVERY_COLUMNS.index("revision")
"""The columns before this one are the fold of the log; the others are the queue's own."""
PRIORITY, POSTER, WAKE_AT = map(DELIVERY_COLUMNS.index, ("priority", "poster", "wake_at"))


class Deliveries:
    """Asked about one after the other, in the order of their ids."""

    def __init__(self, log: Snapshot, models: Models | None, suppressions: Suppressions, report: AuditReport) -> None:
        self._suppressions = suppressions
        self._models = models
        self._report = report
        self._fault = report.faults.add
        self._rows = Ordered(log.deliveries(), self._unaccepted_row)
        self._recipients = Ordered(log.recipients(), self._unaccepted_recipient)
        self._looks = {(priority, poster): look_at for priority, poster, look_at in log.queue()}
        """When a worker looks into which line of the queue."""

    def check(self, born: FollowedDelivery, history: Sequence[Heard]) -> FollowedDelivery:
        """Return the delivery as of the read models' checkpoint."""
        self._check_hand_overs(born.delivery.id, history)
        then, now = self._folded(born, history)
        self._check_row(now.delivery)
        address = self._recipients.take(born.delivery.id)
        if address is None:
            self._fault(f"The recipient of {sentences.delivery(born.delivery.id)} is not in the vault.")
        self._suppressions.delivery(born.delivery.id, address, history)
        if self._models is not None:
            self._models.compare_delivery(then)
        self._report.deliveries += 1
        self._report.counts[now.delivery.state] += 1
        return then

    def finish(self) -> None:
        self._rows.finish()
        self._recipients.finish()

    def _check_hand_overs(self, delivery_id: int, history: Sequence[Heard]) -> None:
        hand_overs = HandOvers()
        for position, _, event in history:
            fault = hand_overs.fault(event)
            if fault is not None:
                self._fault(f"At event {position}, {sentences.delivery(delivery_id)} {fault}.")

    def _folded(self, born: FollowedDelivery, history: Sequence[Heard]) -> tuple[FollowedDelivery, FollowedDelivery]:
        """At the read models' checkpoint, and now: nearly always the same."""
        checkpoint = self._models.checkpoint.position if self._models else END
        seen = sum(position <= checkpoint for position, _, _ in history)
        then = followed(born, history[:seen])
        return then, followed(then, history[seen:])

    def _check_row(self, delivery: Delivery) -> None:
        name, row = sentences.delivery(delivery.id), self._rows.take(delivery.id)
        if row is None:
            self._fault(f"Accepted and lost: {name} has no row.")
            return
        folded = delivery_row(StoredDelivery(delivery, 0, None, 0))
        different = sentences.differences(DELIVERY_COLUMNS[:FOLDED], row[:FOLDED], folded[:FOLDED])
        if different:
            self._fault(f"In the row of {name}: {different}.")
        is_unfinished = delivery.state is State.QUEUED or delivery.is_begun
        if is_unfinished and not self._is_looked_at(row):
            self._fault(f"No worker will ever look at {name}, which is not finished.")
        elif not is_unfinished and row[WAKE_AT] is not None:
            self._fault(f"A worker is to look at {name}, with which nothing is to be done.")

    def _is_looked_at(self, row: Row) -> bool:
        look_at = self._looks.get((row[PRIORITY], row[POSTER]))
        return row[WAKE_AT] is not None and look_at is not None and look_at <= row[WAKE_AT]

    def _unaccepted_row(self, delivery_id: int) -> None:
        self._fault(f"There is a row of {sentences.delivery(delivery_id)}, which was never accepted.")

    def _unaccepted_recipient(self, delivery_id: int) -> None:
        self._fault(f"The vault has a recipient of {sentences.delivery(delivery_id)}, which was never accepted.")

"""Notices: each of them is read, or is to be looked at again; none lies forgotten."""

from __future__ import annotations

from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import Snapshot
from couvert.store.notices import UNREAD, Result

_RESULTS = frozenset(Result)


def check(log: Snapshot, report: AuditReport) -> None:
    for id_, look_at, read_at, result in log.notices():
        if result not in _RESULTS:
            report.faults.add(f"Of reading notice {id_} came {result!r}, which this couvert does not know.")
        elif (result in UNREAD) != (look_at is not None):
            fault = "is not read, and nobody will look at it" if look_at is None else "is read, and is to be read again"
            report.faults.add(f"Notice {id_} {fault}.")
        elif (result == Result.UNREAD) != (read_at is None):
            report.faults.add(f"Notice {id_} is {result}, but the time at which it was read says otherwise.")

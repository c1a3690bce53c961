"""Results: nobody waits for one of what never happened, and none is left out for being told of before its time."""

from __future__ import annotations

from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import Snapshot


def check(log: Snapshot, report: AuditReport) -> None:
    mark = log.results_mark()
    if mark > report.position:
        report.faults.add(
            f"Results are told up to event {mark}, but the log ends at {report.position}: some would be left out."
        )
    for id_ in log.results_of_nothing():
        report.faults.add(f"Result {id_} is due of a delivery or a message that is not there.")

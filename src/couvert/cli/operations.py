"""`couvert audit`, `rebuild` and `migrate`: prove the log, make the read models anew, bring the files up to date."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import typer

from couvert.cli.options import Data, settings, with_parts
from couvert.domain.refusals import Unavailable

if TYPE_CHECKING:
    from couvert.readmodels.audit import AuditReport
    from couvert.wiring import Parts


def audit(data: Data = None) -> None:
    """Prove from the log that nothing was lost or sent twice without a decision; exit code 1 if it does not add up."""
    from couvert.readmodels.audit import audit as examine

    directory = settings(data).data_dir
    try:
        report = examine(directory)
    except sqlite3.Error as error:
        raise Unavailable(f"{directory} cannot be read ({error}); is --data right?") from None
    _print_counts(report)
    for sentence in report.faults.first:
        print(f"WRONG  {sentence}")
    if not report.is_sound:
        more = report.faults.count - len(report.faults.first)
        print(f"{report.faults.count:,} faults" + (f", {more:,} of them not shown" if more else ""))
        raise typer.Exit(1)
    print("Everything adds up.")


def rebuild(data: Data = None) -> None:
    """Build the read models anew from the log, beside the live ones; compare, swap; exit code 1 if they differed."""
    from couvert.readmodels.rebuild import rebuild as build

    directory = settings(data).data_dir
    try:
        done = build(directory)
    except sqlite3.Error as error:
        raise Unavailable(f"{directory} cannot be read ({error}); is it a couvert's data?") from None
    print(f"{done.file}: {done.events:,} events in {done.seconds:.1f} s, {done.events_per_second:,.0f} a second")
    print(f"new   {done.new.checksum} at position {done.new.position:,}")
    if done.live is None:
        print("There was nothing to compare with; the new read models are in place.")
        return
    print(f"live  {done.live.checksum} at position {done.live.position:,}")
    if not done.has_agreed:
        print("They differed: the old read models were wrong, the new ones are in place.")
        raise typer.Exit(1)
    print("They agree; the new read models are in place.")


def migrate(data: Data = None) -> None:
    """Create the data directory's files, or bring them to this version's schema; `serve` does so by itself."""

    async def position(parts: Parts) -> int:
        return await parts.store.position()

    print(f"{settings(data).data_dir}: ready, {with_parts(data, position, creates=True):,} events")


def _print_counts(report: AuditReport) -> None:
    print(f"{report.events:,} events up to position {report.position:,} in {report.seconds:.1f} s")
    for state, count in report.counts.items():
        if count:
            print(f"{count:>12,}  {state}")
    print(f"{report.deliveries:>12,}  recipients accepted, in {report.mails:,} mails")
    if report.read_models is not None:
        print(f"The read models were compared up to position {report.read_models:,}.")

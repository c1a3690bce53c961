"""The data directory: does the database take commits, is it whole, is there room."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from couvert.domain.finding import Finding, note, well, wrong
from couvert.domain.refusals import Unavailable
from couvert.store.changes import Change

if TYPE_CHECKING:
    from couvert.wiring import Parts

LEAST_FREE_BYTES: Final = 500_000_000
LITTLE_FREE_BYTES: Final = 2_000_000_000
MOST_WAL_BYTES: Final = 1_000_000_000
"""Thirty times what is written between two checkpoints."""
PATIENCE_SECONDS: Final = 10.0
"""For a look at the whole file: some 5 GB."""


async def database(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring

    where = parts.settings.data_dir.resolve()
    try:
        await parts.store.commit(Change(at=wiring.now_ms()))
        position = await parts.store.position()
        found = await parts.store.examine(PATIENCE_SECONDS)
    except Unavailable as trouble:
        return [wrong("database", f"{trouble.message} Look at the disk under {where}.")]
    if found.faults:
        words = "; ".join(found.faults)
        return [
            wrong(
                "database", f"{where} is damaged ({words}): stop `couvert serve`, and put your last backup in its place"
            )
        ]
    how = "is whole" if found.is_complete else f"shows no fault in {PATIENCE_SECONDS:.0f} s"
    findings = [well("database", f"{where} takes commits and {how}; {position:,} events, {_mb(found.file_bytes)}")]
    if found.wal_bytes > MOST_WAL_BYTES:
        sentence = f"the WAL has {_mb(found.wal_bytes)}: something reads without end, or checkpoints fail"
        findings.append(
            wrong("WAL", f"{sentence}; look for `checkpoint.failed` in the log, and restart `couvert serve`")
        )
    return findings


async def disk(parts: Parts) -> Sequence[Finding]:
    free = shutil.disk_usage(parts.settings.data_dir).free
    sentence = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        return [wrong("disk", f"only {sentence}; make room: requests are answered 503 once it is full")]
    if free < LITTLE_FREE_BYTES:
        return [note("disk", f"{sentence}; make room before it is full")]
    return [well("disk", sentence)]


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"

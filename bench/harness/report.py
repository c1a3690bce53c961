"""The table, line by line as it is found, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.harness.figure import Figure, Line, Scale, Values
from bench.harness.workplace import RESULTS, ROOT

NAME_WIDTH, NUMBER_WIDTH, SPREAD_WIDTH = 34, 10, 21


class Result(NamedTuple):
    line: Line
    median: float
    least: float
    most: float

    @property
    def is_met(self) -> bool | None:
        return None if self.line.limit is None else self.line.limit.is_met(self.median)


def results(figure: Figure, found: Sequence[Values]) -> list[Result]:
    columns = [(line, [values[line.name] for values in found]) for line in figure.lines]
    return [Result(line, statistics.median(column), min(column), max(column)) for line, column in columns]


def print_head(machine: dict[str, Any], scale: Scale, rounds: int) -> None:
    print(
        f"{machine['cores']} cores, load {machine['load']:.1f} before, Python {machine['python']}, "
        f"{machine['syncs_per_second']:,.0f} syncs/s of 8 kB, commit {machine['commit']}"
    )
    print(
        f"medians of {rounds} rounds; {scale.seconds} s of load, {scale.mails:,} mails to drain, "
        f"{scale.large:,} deliveries stored (many) beside {scale.small:,} (few)"
    )
    print(f"{'':{NAME_WIDTH}} {'median':>{NUMBER_WIDTH}} {'min .. max':>{SPREAD_WIDTH}}  unit  limit")


def print_figure(figure: Figure, found: list[Result], others: Sequence[float]) -> None:
    print(f"\n{figure.name}: {figure.title} (others used {min(others):.1f} .. {max(others):.1f} cores)")
    for line, median, least, most in found:
        spread = f"{_number(least)} .. {_number(most)}"
        verdict = (
            "" if line.limit is None else f"{line.limit!s:>9}  {'met' if line.limit.is_met(median) else 'NOT MET'}"
        )
        print(f"{line.name:{NAME_WIDTH}} {_number(median):>{NUMBER_WIDTH}} {spread:>{SPREAD_WIDTH}}  "
              f"{line.unit:4} {verdict}".rstrip(), flush=True)  # fmt: skip


def print_end(all_results: dict[str, list[Result]], skipped: dict[str, str], path: Path) -> None:
    judged = [(name, result) for name, found in all_results.items() for result in found if result.line.limit]
    unmet = [f"{name}: {result.line.name}" for name, result in judged if not result.is_met]
    print(
        f"\n{len(judged) - len(unmet)} of {len(judged)} limits met" + "".join(f"\n  not met  {each}" for each in unmet)
    )
    for name, reason in skipped.items():
        print(f"  skipped  {name}: {reason}")
    print(path.relative_to(ROOT))


def write(
    machine: dict[str, Any],
    all_results: dict[str, list[Result]],
    others: dict[str, list[float]],
    skipped: dict[str, str],
) -> Path:
    figures = {
        name: {
            r.line.name: {"median": r.median, "min": r.least, "max": r.most, "unit": r.line.unit,
                          "limit": r.line.limit and str(r.line.limit), "met": r.is_met}
            for r in found
        }
        for name, found in all_results.items()
    }  # fmt: skip
    path = RESULTS / f"{machine['at'].replace(':', '')}.json"
    everything = {"machine": machine, "figures": figures, "cores_used_by_others": others, "skipped": skipped}
    path.write_text(json.dumps(everything, indent=1) + "\n")
    return path


def machine() -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "commit": commit.stdout.strip() or "unknown",
        "syncs_per_second": _syncs_per_second(),
    }


def _syncs_per_second(writes: int = 500) -> float:
    """Append and fdatasync: what the disk allows a writer that shares no sync."""
    with Path("sync").open("wb", buffering=0) as file:
        started_at = time.perf_counter()
        for _ in range(writes):
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
        return writes / (time.perf_counter() - started_at)


def _number(value: float) -> str:
    return f"{value:,.{2 if 0 < abs(value) < 10 else 0}f}"

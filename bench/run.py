"""Measures couvert and says which of its limits are met.

Run: make bench, or .venv/bin/python bench/run.py [--only NAME] [--runs N] [--quick] [--profile drain|committer|accept]
"""

# ruff: noqa: E402 - the checkout has to be on the path before anything of `bench` is imported

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # so that `bench` is found, and its mime.py is not taken for another

from bench import hot_spots
from bench.figures import (
    accept,
    bulk,
    drain,
    freshness,
    growth,
    kills,
    lists,
    pace,
    platform,
    queue,
    ses,
    start,
    webhooks,
)  # fmt: skip
from bench.harness import report
from bench.harness.figure import QUICK, Figure, Scale, Skipped, Values
from bench.harness.others import wait_for_quiet, watched
from bench.harness.programs import program
from bench.harness.workplace import workplace

FIGURES = [
    accept.FIGURE, bulk.FIGURE, drain.FIGURE, ses.FIGURE, start.FIGURE, growth.FIGURE,
    platform.FIGURE, freshness.FIGURE, lists.FIGURE, queue.FIGURE, webhooks.FIGURE, pace.FIGURE,
    kills.FIGURE,
]  # fmt: skip


def main() -> None:
    asked = _arguments()
    # Stopped from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with workplace():
        if asked.profile:
            hot_spots.show(asked.profile)
            return
        figures = [figure for figure in FIGURES if asked.only == figure.name or not (asked.only or figure.is_long)]
        is_once = asked.quick or any(figure.is_long for figure in figures)
        rounds = asked.runs or (1 if is_once else 3)
        _measure(figures, QUICK if asked.quick else Scale(), rounds)


def _measure(figures: list[Figure], scale: Scale, rounds: int) -> None:
    machine = report.machine()
    report.print_head(machine, scale, rounds)
    found: dict[str, list[report.Result]] = {}
    others: dict[str, list[float]] = {}
    skipped: dict[str, str] = {}
    for figure in figures:
        try:
            values, others[figure.name] = _one(figure, scale, rounds)
            found[figure.name] = report.results(figure, values)
            report.print_figure(figure, found[figure.name], others[figure.name])
        except Skipped as reason:
            skipped[figure.name] = str(reason)
            print(f"\n{figure.name}: skipped, {reason}", flush=True)
    report.print_end(found, skipped, report.write(machine, found, others, skipped))


def _one(figure: Figure, scale: Scale, rounds: int) -> tuple[list[Values], list[float]]:
    """What each round found, and how many cores others used meanwhile."""
    for name in figure.needs:
        program(name)
    found: list[Values] = []
    others: list[float] = []
    with figure.rounds(scale) as once:
        for _ in range(rounds):
            wait_for_quiet(scale.patience_seconds)
            cores = watched()
            found.append(once())
            others.append(cores())
    return found, others


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=[figure.name for figure in FIGURES])
    parser.add_argument("--runs", type=int, metavar="N", help="rounds per figure (3)")
    parser.add_argument("--quick", action="store_true", help="one short round; too short to believe, good to try")
    parser.add_argument("--profile", nargs="?", const="drain", choices=list(hot_spots.MODES),
                        help="instead of figures, show where the time goes")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""`couvert openapi` and `couvert changelog`, as they are typed."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.api.v2.platform import serving

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def couvert(tmp_path):
    def run(*arguments):
        environment = {**os.environ, "COUVERT_DATA_DIR": str(tmp_path / "data"), "COUVERT_LOG_LEVEL": "warning"}
        command = [sys.executable, "-m", "couvert", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60, check=False
        )

    return run


def test_the_specification_is_printed_as_it_is_committed_and_nothing_is_left_behind(couvert, tmp_path):
    printed = couvert("openapi")

    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == DOCUMENT.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == []


def test_the_first_entry_names_every_call(couvert):
    calls = sum(len(item) for item in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].values())

    recorded = couvert("changelog", "record", "--date", "2026-01-02")

    first, *lines = recorded.stdout.splitlines()
    assert recorded.returncode == 0
    assert first == f"2026-01-02: First published: {calls} calls"
    assert len(lines) == calls
    assert all(line.strip().startswith("added  ") for line in lines)


def test_of_many_that_record_at_once_one_does(couvert):
    couvert("migrate")
    with ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda _: couvert("changelog", "record").stdout.partition(":")[0], range(4)))

    assert sorted(told) == [TODAY.isoformat(), *["Nothing to record"] * 3]


def test_what_was_recorded_is_not_recorded_again(couvert):
    couvert("changelog", "record")

    again = couvert("changelog", "record")

    assert again.returncode == 0
    assert again.stdout.startswith("Nothing to record")


@pytest.mark.parametrize(("date", "words"), [
    ((TODAY + timedelta(days=2)).isoformat(), "has not begun (UTC)"),
    ("2026-01-01", "the changelog has 2026-01-02 already"),
    ("tomorrow", "--date"),
])  # fmt: skip
def test_a_day_that_cannot_be_recorded_is_refused_in_one_line(couvert, date, words):
    couvert("changelog", "record", "--date", "2026-01-02")

    refused = couvert("changelog", "record", "--date", date)

    assert refused.returncode == 2
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_service_publishes_its_specification_when_it_starts(tmp_path):
    with serving(tmp_path), closing(sqlite3.connect(tmp_path / "data" / "couvert.db")) as database:
        while not (published := database.execute("select day, deflated from specification").fetchall()):
            time.sleep(0.02)

    [(day, deflated)] = published
    assert day in {TODAY.isoformat(), (TODAY + timedelta(days=1)).isoformat()}
    assert zlib.decompress(deflated) == DOCUMENT.read_bytes()

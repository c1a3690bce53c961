"""Each line of the log is one JSON object that machines can read, with the request it belongs to."""

import json
import sys
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from pathlib import Path

import pytest
import structlog

from couvert import logs


@pytest.fixture
def lines(capsys):
    """What was logged since."""
    before = structlog.get_config()
    logs.configure("info")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)


def test_a_line_says_what_happened_when_and_in_which_request(lines):
    structlog.contextvars.bind_contextvars(request_id="5f0c6a3e8f3e")

    structlog.get_logger().warning("request", route="/v1/mail", where=Path("couvert.db"))

    [line] = lines()
    happened_at = datetime.fromisoformat(line.pop("timestamp"))
    assert abs(datetime.now(UTC) - happened_at) < timedelta(seconds=10)
    assert line == {
        "event": "request", "level": "warning", "route": "/v1/mail", "where": "couvert.db", "request_id": "5f0c6a3e8f3e"
    }  # fmt: skip


def test_the_time_goes_on_from_line_to_line(lines, monkeypatch):
    times = iter([1_700_000_000_000_001_999, 1_700_000_000_999_999_000, 1_700_000_001_000_000_000])
    monkeypatch.setattr("time.time_ns", lambda: next(times))
    log = structlog.get_logger()

    for _ in range(3):
        log.info("tick")

    assert [line["timestamp"] for line in lines()] == [
        "2023-11-14T22:13:20.000001Z",
        "2023-11-14T22:13:20.999999Z",
        "2023-11-14T22:13:21.000000Z",
    ]


def test_what_went_wrong_is_on_the_same_line(lines):
    try:
        raise LookupError("no such row")
    except LookupError:
        structlog.get_logger().exception("courier.stumbled")

    [line] = lines()
    assert line["exception"].startswith("Traceback (most recent call last):")
    assert line["exception"].endswith("LookupError: no such row")


def test_what_is_below_the_level_is_not_logged(lines):
    structlog.get_logger().debug("request")

    assert lines() == []


def test_a_line_that_cannot_be_written_is_lost_and_nothing_else(lines, monkeypatch):
    class Full:
        def write(self, text):
            raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())

    structlog.get_logger().warning("the disk is full")

    monkeypatch.undo()
    assert lines() == []


def test_half_a_surrogate_pair_takes_no_line_away(lines):
    structlog.get_logger().warning("request", trouble="\ud800", where=Path("couvert.db"))

    [line] = lines()
    assert (line["trouble"], line["where"]) == ("\ud800", "couvert.db")

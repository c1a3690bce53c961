"""`couvert simulate-ses`, as one starts it."""

import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from couvert.simulator.testing import SimulatedSes


@contextmanager
def started(*options):
    command = [sys.executable, "-m", "couvert", "simulate-ses", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)


def test_it_says_where_it_listens_and_ends_when_told():
    with started("--rate", "100", "--faults", '{"paused": true}', "--queue", "notices") as (process, line):
        found = re.search(r"on (http://\S+): 100 recipients/s", line)
        assert found is not None
        state = SimulatedSes(found[1]).state()
        assert (state["rate"], list(state["queues"])) == (100, ["notices"])

    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--faults", '{"slow": 1}'], "--faults: Expected `object`, got `int`"),
        (["--secret", "x"], "--secret: write the access key's id, a colon and its secret"),
        (["--tls-certificate", "missing.pem"], "--tls-certificate missing.pem: "),
        (["--host", "192.0.2.1"], "cannot listen there"),
    ],
)
def test_wrong_use_is_told_on_one_line(options, says):
    command = [sys.executable, "-m", "couvert", "simulate-ses", "--port", "0", *options]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)

    assert ended.returncode == 2
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1

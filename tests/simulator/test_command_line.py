"""`couvert simulate-ses`, as one starts it."""

import subprocess
import sys

import boto3
import pytest
import trustme

from couvert.simulator.testing import simulated_ses_process


def test_it_runs_in_a_process_of_its_own_until_told_to_end():
    with simulated_ses_process("--rate", "100", "--faults", '{"paused": true}', "--queue", "notices") as running:
        state = running.state()

    assert (state["rate"], list(state["queues"])) == (100, ["notices"])
    with pytest.raises(ConnectionRefusedError):
        running.state()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--faults", '{"slow": 1}'], "--faults: Expected `object`, got `int`"),
        (["--secret", "x"], "--secret: write the access key's id, a colon and its secret"),
        (["--queue", "mails.fifo"], "'mails.fifo' names no queue: "),
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


def test_it_speaks_https_with_a_certificate(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")

    with simulated_ses_process("--tls-certificate", str(tmp_path / "own.pem")) as running:
        sesv2 = boto3.client(
            "sesv2",
            endpoint_url=running.url,
            verify=str(tmp_path / "ca.pem"),
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        assert running.url.startswith("https://")
        assert sesv2.get_account()["SendingEnabled"] is True

"""Data that was made before the first release: every command says in one line what to do about it."""

import subprocess
import sys

import pytest

from tests.store.unreleased import OTHERS, make_unreleased


@pytest.mark.parametrize("command", ["migrate", "serve", "audit", "rebuild", "doctor"])
def test_one_line_says_what_to_do(command, tmp_path):
    made = make_unreleased(tmp_path / "data")

    done = subprocess.run(
        [sys.executable, "-m", "couvert", command, "--data", str(made)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert f"with other tables ({OTHERS}), which cannot be migrated: take an empty directory" in line

"""What all tests share: how hard properties are tried, and what a test may ask of the machine."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

IN_CI = bool(os.environ.get("CI"))

# On a laptop: quick, and another sample each time. In CI: thorough, and the same sample each time, so that a red run
# is about the change. `HYPOTHESIS_PROFILE=ci` tries the latter by hand.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "quick"))


@pytest.fixture(scope="session")
def require() -> Callable[[str], Path]:
    """`require("smtp-sink")` is the program's path; without it the test is skipped on a laptop, and fails in CI."""
    return program_or_skip


def program_or_skip(program: str) -> Path:
    # Debian keeps daemons where only root's PATH looks.
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))
    if path is None and IN_CI:
        pytest.fail(f"{program} is missing; in CI every test runs: .ci/run installs what they need")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return Path(path)

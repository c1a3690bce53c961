"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def until(is_so: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Return as soon as it is so; fail, naming what was waited for, if it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(0.02)

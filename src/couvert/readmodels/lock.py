"""A lock between processes, held by an open file: whoever dies gives it back."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.2


@contextmanager
def held(path: Path, stopping: threading.Event | None = None) -> Iterator[bool]:
    """True once it is ours; False if somebody has it and one is to stop waiting, or is not to wait at all."""
    with path.open("a") as file:
        is_held = _take(file.fileno())
        while not is_held and stopping is not None and not stopping.wait(LOOK_SECONDS):
            is_held = _take(file.fileno())
        yield is_held


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

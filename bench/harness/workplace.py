"""A throw-away directory on the checkout's disk, where no `.env` and no setting of anybody else is found."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results"


@contextmanager
def workplace() -> Iterator[None]:
    """Work there, with processes started from there finding `bench`; it is gone at the end.

    Not /tmp, which may be memory: then syncing costs nothing, and that would be the wrong figure.
    """
    for name in list(os.environ):
        if name.startswith("COUVERT_"):
            del os.environ[name]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src")])  # this checkout, whatever is installed
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=RESULTS) as directory:
        os.chdir(directory)
        try:
            yield
        finally:
            os.chdir(ROOT)


@contextmanager
def fresh_directory(name: str = "data") -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=name + "-", dir=".") as directory:
        yield Path(directory).resolve()

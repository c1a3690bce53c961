"""One `serve` per data directory, and where it is reached."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO, Final

from couvert.settings import WrongSetting
from couvert.wiring.directory import unusable

SERVE_LOCK: Final = "serve.lock"


class ServeLock:
    """One `serve` per data directory: whoever holds the lock is it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / SERVE_LOCK
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Hold it until this process ends; `WrongSetting` if another one serves this directory, or it is unusable."""
        directory = self._path.parent
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = file = self._path.open("a+")
            if not _locked(file, fcntl.LOCK_EX, TRIES):
                raise WrongSetting(
                    f"COUVERT_DATA_DIR: {directory} is served by another process; stop it, or use another"
                )
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        except OSError as error:
            raise unusable(directory, error) from None

    def announce(self, url: str) -> None:
        """Leave the address that this process serves at, for the command line to print links with."""
        assert self._file is not None
        self._file.write(f"{url}\n")
        self._file.flush()

    def announced(self) -> str | None:
        """The address of the `serve` that runs on this directory, if one does."""
        return next(iter(self._path.read_text().splitlines()[1:]), None) if self.is_taken() else None

    def is_taken(self) -> bool:
        """Whether a `serve` runs on this directory now."""
        try:
            with self._path.open() as file:
                return not _locked(file, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unusable(self._path.parent, error) from None


TRIES: Final = 10
"""Who asks whether the lock is taken holds it meanwhile, for some microseconds."""


def _locked(file: IO[str], kind: int, tries: int = 1) -> bool:
    for _ in range(tries):
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False

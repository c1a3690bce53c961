"""Questions to the files, off the event loop: a few threads, each with connections of its own that only read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from couvert.domain.refusals import Unavailable
from couvert.readmodels.read import ReadModels

P = ParamSpec("P")
T = TypeVar("T")

READERS: Final = 4
"""More would only take the interpreter from each other."""


class ReadPool:
    """Opens nothing before the first question. Nobody holds a connection while waiting for anything but the disk."""

    def __init__(self, directory: Path, readers: int = READERS) -> None:
        self._directory = directory
        self._threads = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._idle: list[ReadModels] = []
        """Appending to a list and popping from it are atomic; there are never more than threads."""

    async def run(self, question: Callable[Concatenate[ReadModels, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises `Unavailable` where the files cannot be read now."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: self._ask(lambda files: question(files, *args, **kwargs))
        )

    def close(self) -> None:
        """After the questions under way are answered."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _ask(self, question: Callable[[ReadModels], T]) -> T:
        files = self._idle.pop() if self._idle else ReadModels(self._directory)
        try:
            answer = question(files)
        except sqlite3.Error as error:
            # Whatever it was, the next question gets connections of its own.
            files.close()
            raise Unavailable(f"The database cannot be read ({error}). Try again later.") from error
        except BaseException:
            self._idle.append(files)
            raise
        self._idle.append(files)
        return answer

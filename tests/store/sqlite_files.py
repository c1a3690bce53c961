"""Looks into the files of the SQLite store past all its code, and starts others that write them."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from couvert.store.sqlite.store import FILE

ROOT = Path(__file__).parents[2]


class Told(NamedTuple):
    """What a process was told about one of its mails."""

    outcome: str
    mail_id: int
    number: int
    """The position of a kept one; 1 for one that was refused and may be kept all the same."""


class Appender:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: list[Told] = []

    def listen(self, outcome: str, count: int) -> list[Told]:
        """Until so many more of its mails have come to this; all that it heard meanwhile."""
        heard: list[Told] = []
        while sum(told.outcome == outcome for told in heard) < count:
            heard.append(self._next())
        return heard

    def _next(self) -> Told:
        line = self._lines.readline()
        assert line, "the process ended"
        outcome, mail_id, number = line.split()
        told = Told(outcome, int(mail_id), int(number))
        self.told.append(told)
        return told

    def kill(self) -> None:
        """At once; what it said before is still to be heard."""
        self.process.kill()
        self.process.wait()
        while (line := self._lines.readline()) and line.endswith("\n"):
            outcome, mail_id, number = line.split()
            self.told.append(Told(outcome, int(mail_id), int(number)))

    @property
    def kept(self) -> dict[int, int]:
        """Position -> mail, of all that it was told are kept."""
        return {told.number: told.mail_id for told in self.told if told.outcome == "kept"}

    @property
    def _lines(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout


@contextmanager
def appending(directory: Path, node: int, *count: int) -> Iterator[Appender]:
    """A process that commits mails until it is killed, or so many of them."""
    command = [sys.executable, "-m", "tests.store.appender", str(directory), str(node), *map(str, count)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Appender(process)
        finally:
            process.kill()


def log_of(directory: Path) -> dict[int, int]:
    """Position -> mail, as the file has it."""
    with closing(sqlite3.connect(directory / FILE)) as connection:
        return dict(connection.execute("select position, stream from event order by position"))


def wal_size(directory: Path) -> int:
    return (directory / f"{FILE}-wal").stat().st_size


def assert_whole(directory: Path) -> None:
    """The file is sound, positions have no gap, and every mail has its event, content, deliveries and recipients."""
    with closing(sqlite3.connect(directory / FILE)) as connection:

        def column(name: str, table: str) -> list[int]:
            return [row[0] for row in connection.execute(f"select distinct {name} from {table} order by 1")]

        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert column("stream", "event") == column("mail_id", "content") == column("mail_id", "delivery")
        assert column("id", "delivery") == column("delivery_id", "recipient")
        positions = column("position", "event")
        assert positions == list(range(1, len(positions) + 1))

"""The real `couvert serve`, as a child process on a port that stays, and the command line beside it."""

import http.client
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests.crash.crew import environment

COUVERT = [sys.executable, "-m", "couvert"]


class Service:
    def __init__(self, directory: Path, keys: Mapping[str, str] | None = None, **settings: object) -> None:
        """`keys`: of a provider, as its own libraries look for them in the environment."""
        self._directory = directory
        self._environment = environment({name.upper(): str(value) for name, value in settings.items()}) | dict(
            keys or {}
        )
        self._child: subprocess.Popen[str] | None = None
        self.port = 0
        self.log: IO[str] | None = None
        """Where it logs to; as the test does, if None."""

    @property
    def child(self) -> subprocess.Popen[str]:
        assert self._child is not None, "it was never started"
        return self._child

    def start(self) -> None:
        """Return once it listens."""
        self.begin()
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert "couvert listens on" in line, f"it said {line!r}"
        self.port = int(line.split("http://127.0.0.1:")[1].split(",")[0])

    def begin(self) -> None:
        """Start it, without waiting for anything."""
        self._child = self.popen("serve", "--port", str(self.port))

    def kill(self) -> None:
        self.child.kill()
        self._ended()

    def terminate(self) -> None:
        self.child.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        return self._ended()

    def fill_disk(self) -> None:
        """From now on nothing can be appended to the log."""
        self._limit_files((self._directory / "couvert.db-wal").stat().st_size)

    def make_room(self) -> None:
        self._limit_files(resource.RLIM_INFINITY)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def key(self) -> str:
        """A new API key, made on the command line."""
        return self.run("key", "create", "--name", "crash", "--origin", "app.example.com").stdout.strip()

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that is not waited for."""
        command = [*COUVERT, *arguments, "--data", str(self._directory)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=self._directory, env=self._environment
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command on the same data (unless it names other), with the same settings."""
        where = () if "--data" in arguments else ("--data", str(self._directory))
        return subprocess.run(
            [*COUVERT, *arguments, *where],
            capture_output=True,
            text=True,
            cwd=self._directory,
            env=self._environment,
            timeout=60,
            check=False,
        )

    def close(self) -> None:
        if self._child is not None:
            self.kill()

    def _limit_files(self, size: int) -> None:
        resource.prlimit(self.child.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def _ended(self) -> int:
        code = self.child.wait(60)
        assert self.child.stdout is not None
        self.child.stdout.close()
        return code

"""Relays that others wrote, started and ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def program(*command: str | Path, port: int, pidfile: Path | None = None) -> Iterator[None]:
    """The program runs and listens on the port; if it leaves that to another, the file names whom to end."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_open(port, running)
        yield
    finally:
        if pidfile is not None and pidfile.exists():
            os.kill(int(pidfile.read_text()), signal.SIGTERM)
        else:
            running.terminate()
        running.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_open(port: int, running: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        assert running.poll() is None, f"{running.args!r} ended at once"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError(f"{running.args!r} does not listen")

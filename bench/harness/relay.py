"""A relay that takes everything and counts it: Postfix's smtp-sink."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness.figure import Skipped
from bench.harness.programs import free_port, program

BACKLOG = "1000"


class Relay:
    def __init__(self, port: int, counters: Path) -> None:
        self.port = port
        self.url = f"smtp://127.0.0.1:{port}"
        self._counters = counters

    def taken(self) -> int:
        """How many messages it took so far."""
        found = re.findall(rb"mesg=(\d+)", self._counters.read_bytes()[-200:])
        return int(found[-1]) if found else 0


@contextmanager
def smtp_sink() -> Iterator[Relay]:
    port, counters = free_port(), Path("smtp-sink.out")
    # -u: started by root it wants somebody else to be. -c: it writes its counters after each message.
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [program("smtp-sink"), *as_nobody, "-c", f"127.0.0.1:{port}", BACKLOG]
    with counters.open("wb") as out:
        sink = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
    try:
        wait_until_open(port)
        yield Relay(port, counters)
    finally:
        sink.terminate()
        sink.wait()


def wait_until_open(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise Skipped(f"nothing listens on port {port}")

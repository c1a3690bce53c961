"""Programs that are not ours, and where to get them."""

from __future__ import annotations

import shutil
import socket

from bench.harness.figure import Skipped

PACKAGES = {"wrk": "wrk", "smtp-sink": "postfix"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PATH)
    if found is None:
        raise Skipped(f"{name} is missing: apt-get install {PACKAGES[name]}")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port

"""`couvert tell-webhooks`: the process that `serve` keeps beside itself while there are webhooks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from couvert.cli.options import Data, settings

POLITENESS: Final = 19
"""On a busy machine it gets a sixtieth of what requests and deliveries get."""
LOCK: Final = "webhooks.lock"


def command(directory: Path) -> Sequence[str]:
    """How to start it."""
    return [sys.executable, "-m", "couvert", "tell-webhooks", "--data", str(directory.absolute())]


def tell_webhooks(data: Data = None) -> None:
    """Tell webhooks of events, until standard input ends."""
    # Who stops the whole group, as systemd does, means the service, and this ends with it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(POLITENESS)
    asyncio.run(_run(data))


async def _run(data: Path | None) -> None:
    from couvert import wiring
    from couvert.readmodels.lock import held

    read = settings(data)
    stopping = asyncio.Event()
    await _stop_at_end_of_input(stopping)
    with held(read.data_dir / LOCK) as is_ours:
        if is_ours:  # else the one of before has not ended yet: whoever started this one starts another soon
            await wiring.tell_webhooks(read, stopping)


async def _stop_at_end_of_input(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    class Input(asyncio.Protocol):
        def connection_lost(self, _: Exception | None) -> None:
            stopping.set()

    await loop.connect_read_pipe(Input, sys.stdin)

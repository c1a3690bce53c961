"""What several commands take, and how they open what they work on."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from couvert.domain.refusals import NotFound
from couvert.settings import Settings

if TYPE_CHECKING:
    from couvert.wiring import Parts, ServeLock

T = TypeVar("T")

UNSERVED_SECONDS: Final = 10.0
"""How long a `serve` may be away, as when it is restarted, before whoever waits for it delivers in its place."""

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The data directory.  [default: ./couvert-data, or COUVERT_DATA_DIR]"),
]


def settings(data: Path | None) -> Settings:
    """The settings with the command line's data directory, and logging as they say."""
    from couvert import logs

    read = Settings.read(data_dir=data)
    logs.configure(read.log_level)
    return read


def with_parts(data: Path | None, work: Callable[[Parts], Awaitable[T]], *, creates: bool = False) -> T:
    """Run `work` on the wired parts, in an event loop of its own; nothing is delivered meanwhile.

    Unless it `creates`, the data must be there already: a mistyped directory is not to be made and called healthy.
    """
    from couvert import wiring

    async def run() -> T:
        read = settings(data)
        if not creates and not wiring.has_data(read):
            advice = (
                "`couvert serve` begins one there, as `couvert migrate` does, if --data (or COUVERT_DATA_DIR) is right"
            )
            raise NotFound(f"There is no couvert in {read.data_dir}: {advice}")
        parts = wiring.open_parts(read)
        async with wiring.running(parts, delivers=False):
            return await work(parts)

    return asyncio.run(run())


def with_courier(read: Settings, work: Callable[[Parts, bool], Awaitable[T]]) -> T:
    """As `with_parts`, with this process delivering if no `serve` does; `work` is told whether one does."""
    from couvert import wiring

    is_new = not wiring.has_data(read)
    lock = wiring.ServeLock(read.data_dir)
    is_served = lock.is_taken()
    end_on(signal.SIGINT)
    if not is_served:
        wiring.refuse_forgotten(read)

    async def run() -> T:
        parts = wiring.open_parts(read)
        if not is_served:
            wiring.remember_provider(read)
        async with wiring.running(parts, delivers=not is_served):
            stepping_in = asyncio.create_task(_step_in(parts, lock)) if is_served else None
            try:
                return await work(parts, is_served)
            finally:
                if stepping_in is not None:
                    stepping_in.cancel()

    done = asyncio.run(run())
    if is_new:
        print(f"couvert: new data directory {read.data_dir.resolve()}", file=sys.stderr)
    return done


async def _step_in(parts: Parts, lock: ServeLock) -> None:
    """Deliver from here once nobody has served for a while: a `serve` that stopped for good is not waited for."""
    from couvert import wiring

    served_at = time.monotonic()
    while time.monotonic() - served_at < UNSERVED_SECONDS:
        await asyncio.sleep(min(0.5, UNSERVED_SECONDS / 4))
        if lock.is_taken():
            served_at = time.monotonic()
    if (fault := wiring.forgotten(parts.settings)) is not None:
        print(f"couvert: `couvert serve` does not run any more; start it again. {fault}", file=sys.stderr)
        return
    print("couvert: `couvert serve` does not run any more; this process delivers in its place", file=sys.stderr)
    parts.courier.start()


def end_on(obeyed: signal.Signals) -> None:
    """SIGTERM and a terminal that is closed (unless `nohup` has it ignored) end a delivering process as `obeyed` does:
    killed outright, it would leave in doubt what it is handing over.
    """
    if obeyed is signal.SIGINT and signal.getsignal(obeyed) is signal.SIG_IGN:
        # A shell script has it ignored in what it runs beside itself; SIGTERM would be ignored with it.
        signal.signal(obeyed, signal.default_int_handler)
    for also in {signal.SIGTERM, signal.SIGHUP} - {obeyed}:
        if signal.getsignal(also) is signal.SIG_DFL:
            signal.signal(also, lambda *_: signal.raise_signal(obeyed))

"""Where the time goes, by function: the event loop while draining, the writer's thread, the event loop under requests.

The profiler slows every call down, so shares are to be believed more than times.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import pstats
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import uvloop

from bench.harness.filling import create_key, queue
from bench.harness.load import loaded, v1_mail
from bench.harness.looking import looking_into
from bench.harness.mails import body_to
from bench.harness.programs import free_port
from bench.harness.relay import smtp_sink
from bench.harness.service import Service, wait_for_health
from bench.harness.workplace import fresh_directory
from couvert import wiring
from couvert.cli import serve
from couvert.settings import Settings
from couvert.store.sqlite.committer import Committer

MAILS = 20_000
SECONDS = 6
CONNECTIONS = 32
TOP = 25


def show(mode: str) -> None:
    profile = cProfile.Profile()
    MODES[mode](profile)
    pstats.Stats(profile, stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(TOP)


def _drain(profile: cProfile.Profile) -> None:
    _deliver(profile.runcall)


def _committer(profile: cProfile.Profile) -> None:
    """The profiler sees the thread that it was switched on in, and no other."""
    run = Committer.run

    def profiled(self: Committer) -> None:
        profile.runcall(run, self)

    Committer.run = profiled  # type: ignore[method-assign]
    _deliver(lambda work: work())


def _accept(profile: cProfile.Profile) -> None:
    with fresh_directory() as directory, smtp_sink() as relay:
        key, port = create_key(directory), free_port()
        os.environ["COUVERT_TRANSPORT"] = relay.url
        threading.Thread(target=_load_and_stop, args=(key, port)).start()
        profile.runcall(serve.serve, port=port, data=directory)


MODES: dict[str, Callable[[cProfile.Profile], None]] = {"drain": _drain, "committer": _committer, "accept": _accept}


def _deliver(run: Callable[[Callable[[], None]], None]) -> None:
    """Drain a queue within this process."""
    with fresh_directory() as directory, smtp_sink() as relay:
        queue(directory, MAILS, recipients_each=1_000)
        run(lambda: uvloop.run(_until_done(Settings(data_dir=directory, transport=relay.url), directory)))


async def _until_done(settings: Settings, directory: Path) -> None:
    parts = wiring.open_parts(settings)
    with looking_into(directory) as looking:
        async with wiring.running(parts, delivers=True, follows=True):
            while looking.is_waiting():  # noqa: ASYNC110 - whether all is done, nobody tells
                await asyncio.sleep(0.1)


def _load_and_stop(key: str, port: int) -> None:
    try:
        service = Service(os.getpid(), port, 0)
        wait_for_health(port)
        loaded(service, v1_mail(key), body_to(1), wanted='"status":"sent"', connections=CONNECTIONS, seconds=SECONDS)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)

"""`couvert serve`: the API and the courier in one process, until told to stop."""

from __future__ import annotations

import gc
import resource
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli import webhooks
from couvert.cli.options import Data, end_on, settings
from couvert.settings import WrongSetting

if TYPE_CHECKING:
    import uvicorn

    from couvert.wiring import Parts, ServeLock

BACKLOG = 2048
GC_THRESHOLD = 20_000
KEEP_ALIVE_SECONDS = 75
"""Longer than proxies hold idle connections (nginx and AWS: 60): whoever asks should be the first to hang up."""


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8000,
    data: Data = None,
) -> None:
    """Serve the API and deliver mail, on one data directory."""
    from couvert import wiring

    read = settings(data)
    lock = wiring.ServeLock(read.data_dir)
    lock.take()
    wiring.refuse_forgotten(read)
    _allow_connections()
    parts = wiring.open_parts(read, is_server=True)
    wiring.remember_provider(read)
    _run(parts, _listen(host, port), lock)


def _allow_connections() -> None:
    """As many as this user may have: each request that waits for an event is one, and often only 1,024 are granted."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS grants "infinity", and then refuses it.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        raise WrongSetting(f"--host {host} --port {port}: cannot listen there ({error.strerror or error})") from None
    return listener


def _run(parts: Parts, listener: socket.socket, lock: ServeLock) -> None:
    import uvicorn

    from couvert import web, wiring
    from couvert.api.v2.routes import specification
    from couvert.cli.http_protocol import HttpProtocol
    from couvert.cli.server import Server
    from couvert.workers.changelog import ChangelogWorker
    from couvert.workers.leftovers import keep_clearing
    from couvert.workers.suppressions import SuppressionsWorker
    from couvert.workers.tasks import at_work
    from couvert.workers.webhooks.keeper import Keeper

    recorder = ChangelogWorker(parts.changelog, partial(specification, parts.of_doors()), wiring.now_ms)
    ending = SuppressionsWorker(parts.suppressions)

    keeper = Keeper(parts.store, webhooks.command(parts.settings.data_dir))

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        async with (
            wiring.running(parts, delivers=True, follows=True),
            recorder.at_work(),
            ending.at_work(),
            at_work(partial(keep_clearing, parts.leftovers)),
            keeper.at_work(),
            wiring.notices_at_work(parts),
            wiring.results_at_work(parts),
            wiring.bulk_at_work(parts),
        ):
            host, port, *_ = listener.getsockname()
            shown = f"[{host}]" if ":" in host else host
            print(f"couvert listens on http://{shown}:{port}, transport {parts.transport.name}", flush=True)
            lock.announce(f"http://{_reachable(shown)}:{port}")
            await _invite(parts)
            yield

    def stopping() -> None:
        parts.feed.end()
        parts.follower.end_waits()
        parts.courier.begin_nothing_more()

    # What start-up made stays; scanning it again and again took a twentieth of the time under load.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    config = uvicorn.Config(
        app=web.application(parts.of_doors(), lifespan),
        loop="uvloop",
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(parts.settings.trusted_proxies),
        forwarded_allow_ips=parts.settings.trusted_proxies,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=parts.settings.stop_seconds,
    )
    server = Server(config, stopping=stopping)
    _obey_signals(server)
    server.run(sockets=[listener])


async def _invite(parts: Parts) -> None:
    """Without users, whoever reads this becomes the first admin."""
    from couvert import wiring

    if (link := await wiring.invitation(parts)) is not None:
        url = wiring.shown_url(parts.settings)
        print(f"The console is at {url}/console/, and nobody can sign in yet. Set it up (works once, for 24 hours):")
        print(link, flush=True)


def _reachable(host: str) -> str:
    """Of an address that means all there are, the one that works on this machine."""
    return {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound


def _obey_signals(server: uvicorn.Server) -> None:
    """Uvicorn obeys them while it serves, and raises them again once all is finished: then there is nothing left to do.
    One that comes before it listens to them ends a process that has begun nothing.
    """

    def told_to_stop(*_: object) -> None:
        if not server.started:
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, told_to_stop)
    signal.signal(signal.SIGINT, told_to_stop)
    end_on(signal.SIGTERM)

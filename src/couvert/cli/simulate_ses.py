"""`couvert simulate-ses`: a stand-in for Amazon SES, SNS and SQS, to test against."""

from __future__ import annotations

import asyncio
import gc
import signal
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.settings import WrongSetting

if TYPE_CHECKING:
    import socket

    from couvert.simulator.faults import Faults
    from couvert.simulator.world import Options

EXAMPLE = '\'{"lose_answer": {"probability": 0.01}}\''
GC_THRESHOLDS = (20_000, 10, 1_000)


def simulate_ses(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 4579,
    rate: Annotated[float, typer.Option(min=0.01, help="Recipients per second.")] = 14,
    burst: Annotated[
        float | None, typer.Option(min=1, help="Recipients at once after a pause.  [default: those of one second]")
    ] = None,
    daily_quota: Annotated[float, typer.Option(min=-1, help="Recipients in 24 hours; -1: no end.")] = 50_000,
    faults: Annotated[str, typer.Option(metavar="JSON", help=f"Faults to begin with, such as {EXAMPLE}.")] = "{}",
    identity: Annotated[
        list[str] | None, typer.Option(help="A verified sender or domain; without any, all are.")
    ] = None,
    configuration_set: Annotated[
        list[str] | None, typer.Option(help="A configuration set.  [default: couvert]")
    ] = None,
    tenant: Annotated[list[str] | None, typer.Option(help="A tenant; without any, every name is one.")] = None,
    secret: Annotated[
        list[str] | None, typer.Option(metavar="ID:SECRET", help="Verify signatures; this access key is known.")
    ] = None,
    notify: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Post notices there, as SNS does once it is confirmed.")
    ] = None,
    queue: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A queue that gets the notices in SNS's envelope.")
    ] = None,
    raw_queue: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A queue that gets them bare.")] = None,
    signature_version: Annotated[int, typer.Option(min=1, max=2, help="How notices are signed.")] = 1,
    region: Annotated[str, typer.Option(help="The region that names are of.")] = "us-east-1",
    keep: Annotated[int, typer.Option(min=0, help="How many messages to keep whole.")] = 100_000,
    tls_certificate: Annotated[Path | None, typer.Option(help="Serve HTTPS with this certificate.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key, if it is in a file of its own.")] = None,
    public_url: Annotated[
        str | None, typer.Option(help="How others reach it, if not by the listening address.")
    ] = None,
) -> None:
    """Simulate SES v2, SNS and SQS on one port, with faults on demand (docs/simulator.md)."""
    import uvloop

    from couvert.simulator.server import listen
    from couvert.simulator.world import DEFAULT_SET, Options

    options = Options(
        rate=rate,
        burst=burst,
        daily_quota=daily_quota,
        region=region,
        secrets=_secrets(secret or []),
        identities=tuple(identity or ()),
        configuration_sets=tuple(configuration_set or (DEFAULT_SET,)),
        tenants=tuple(tenant or ()),
        notify=tuple(notify or ()),
        queues=_queues(queue or []),
        raw_queues=_queues(raw_queue or []),
        signature_version=str(signature_version),
        kept=keep,
        faults=_faults(faults),
    )
    try:
        listener = listen(host, port)
    except OSError as error:
        raise WrongSetting(f"--host {host} --port {port}: cannot listen there ({error.strerror or error})") from None
    # It tells when each message came: a look at all that are kept would let those that come meanwhile come together,
    # 40 ms late after 5,000.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    uvloop.run(_serve(options, listener, _tls(tls_certificate, tls_key), public_url))


def _secrets(given: list[str]) -> dict[str, str]:
    if any(":" not in one for one in given):
        raise WrongSetting("--secret: write the access key's id, a colon and its secret")
    return dict(one.split(":", 1) for one in given)


def _queues(given: list[str]) -> tuple[str, ...]:
    from couvert.simulator.sqs.queues import NAME_RULE, is_name

    for name in given:
        if not is_name(name):
            raise WrongSetting(f"{name!r} names no queue: {NAME_RULE}")
    return tuple(given)


def _faults(text: str) -> Faults:
    import msgspec

    from couvert.simulator.faults import Faults

    try:
        return msgspec.json.decode(text, type=Faults)
    except msgspec.DecodeError as wrong:
        raise WrongSetting(f"--faults: {wrong}; docs/simulator.md lists them") from None


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise WrongSetting(f"--tls-certificate {certificate}: {error}") from None
    return context


async def _serve(options: Options, listener: socket.socket, tls: ssl.SSLContext | None, public_url: str | None) -> None:
    from couvert.simulator.server import serving

    stopped = asyncio.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, stopped.set)
    async with serving(options, listener, tls=tls, url=public_url) as world:
        print(f"couvert simulates SES, SNS and SQS on {world.url}: {options.rate:,.10g} recipients/s", flush=True)
        await stopped.wait()

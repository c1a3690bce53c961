"""`couvert key`: the /v1 API keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import to_ms
from couvert.commands.addresses import AddressFault, normalise_sender
from couvert.domain.allowance import Allowance
from couvert.domain.origin import parse_origin_name
from couvert.domain.refusals import RuleBroken
from couvert.domain.restrictions import Restrictions, parse_network
from couvert.settings import parse_rate

if TYPE_CHECKING:
    from couvert.commands.keys import CreatedKey
    from couvert.store.rows import StoredKey
    from couvert.wiring import Parts

app = typer.Typer(help="API keys for /v1: who may send, and from which origins.")


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for; shown in lists.")],
    origin: Annotated[list[str], typer.Option(help="A host the key may be used from; may be given several times.")],
    expires_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="UTC.")
    ] = None,
    sender: Annotated[
        list[str] | None,
        typer.Option(help="An address, a domain or *.domain that it may send as; several times for several."),
    ] = None,
    cidr: Annotated[
        list[str] | None, typer.Option(help="A network it may be used from, such as 192.0.2.0/24; likewise.")
    ] = None,
    rate: Annotated[str | None, typer.Option(help="The most requests in so many seconds, such as 100/60s.")] = None,
    daily_quota: Annotated[int | None, typer.Option(min=1, help="The most recipients in a day (UTC).")] = None,
    data: Data = None,
) -> None:
    """Create a key and print it, alone, on stdout. It is shown this once."""
    origins = [_origin(text) for text in origin]
    restrictions = Restrictions(
        senders=tuple(dict.fromkeys(map(_sender, sender or ()))),
        networks=tuple(dict.fromkeys(map(_network, cidr or ()))),
        rate=_rate(rate),
        daily_quota=daily_quota,
    )

    async def work(parts: Parts) -> CreatedKey:
        return await parts.keys.create(
            name=name, origins=origins, expires_at=to_ms(expires_at), restrictions=restrictions
        )

    print(with_parts(data, work, creates=True).secret)


@app.command("list")
def list_(data: Data = None) -> None:
    """List the keys: id, whether active, name, origins."""

    async def work(parts: Parts) -> list[StoredKey]:
        return await parts.store.keys()

    for stored in with_parts(data, work):
        key = stored.key
        origins = " ".join(origin.name for origin in key.origins)
        print(f"{key.key_id}  {'active ' if key.is_active else 'deleted'}  {key.name}  {origins}")


@app.command()
def delete(
    key: Annotated[str, typer.Argument(help="The key itself, or its id as `couvert key list` shows it.")],
    data: Data = None,
) -> None:
    """Delete a key: it stops working with the next request."""

    async def work(parts: Parts) -> None:
        if key.startswith("ak_"):
            await parts.keys.delete(key)
        else:
            await parts.keys.delete_by_id(key)

    with_parts(data, work)


def _origin(text: str) -> str:
    name = parse_origin_name(text)
    if name is None:
        raise RuleBroken(f"--origin {text}: write a host such as app.example.com, localhost:4321 or *.example.com")
    return name


def _sender(text: str) -> str:
    try:
        return normalise_sender(text)
    except AddressFault:
        raise RuleBroken(
            f"--sender {text}: write an address such as shop@example.com, a domain such as example.com or *.example.com"
        ) from None


def _network(text: str) -> str:
    network = parse_network(text)
    if network is None:
        raise RuleBroken(f"--cidr {text}: write a network such as 192.0.2.0/24 or 2001:db8::/32, or one address")
    return network


def _rate(text: str | None) -> Allowance | None:
    try:
        return None if text is None else Allowance(*parse_rate(text))
    except ValueError as fault:
        raise RuleBroken(f"--rate {fault}") from None

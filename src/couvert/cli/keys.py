"""`couvert key`: the /v1 API keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import to_ms
from couvert.domain.origin import parse_origin_name
from couvert.domain.refusals import RuleBroken

if TYPE_CHECKING:
    from couvert.commands.keys import CreatedKey
    from couvert.store.port import StoredKey
    from couvert.wiring import Parts

app = typer.Typer(help="API keys for /v1: who may send, and from which origins.")


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for; shown in lists.")],
    origin: Annotated[list[str], typer.Option(help="A host the key may be used from; may be given several times.")],
    expires_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="UTC.")
    ] = None,
    data: Data = None,
) -> None:
    """Create a key and print it, alone, on stdout. It is shown this once."""
    origins = [_origin(text) for text in origin]

    async def work(parts: Parts) -> CreatedKey:
        return await parts.keys.create(name=name, origins=origins, expires_at=to_ms(expires_at))

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

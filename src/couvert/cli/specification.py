"""`couvert openapi` and `couvert changelog`: what /v2 says of itself, and what changed in it."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.settings import Settings

if TYPE_CHECKING:
    from couvert.openapi.entries import Entry
    from couvert.wiring import Parts

app = typer.Typer(help="What changed in the API.")


def openapi() -> None:
    """Print the OpenAPI 3.0.3 document of /v2, the same that is served at /v2/openapi.json."""
    from couvert import wiring
    from couvert.api.v2.routes import specification

    async def printed(directory: Path) -> bytes:
        # The table of calls is made of parts; which ones is nobody's business here.
        parts = wiring.open_parts(Settings(data_dir=directory, transport="sandbox"))
        async with wiring.running(parts, delivers=False):
            return specification(parts.of_doors())

    with TemporaryDirectory() as directory:
        sys.stdout.buffer.write(asyncio.run(printed(Path(directory))))


@app.callback()
def _with_commands() -> None:
    """So that `record` keeps its name beside no other."""


@app.command()
def record(
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it is for (UTC).")] = None,
    data: Data = None,
) -> None:
    """Record now how this version's API differs from the last entry; `serve` does it at the end of each day (UTC)."""
    from couvert.api.v2.routes import specification

    async def work(parts: Parts) -> Entry | None:
        document = specification(parts.of_doors())
        return await parts.changelog.record(document, date.date().isoformat() if date else None)

    entry = with_parts(data, work, creates=True)
    if entry is None:
        print("Nothing to record: there is no difference to the last entry, or that day has its entry already.")
        return
    print(f"{entry.day}: {entry.title}")
    for difference in entry.differences:
        mark = "BREAKING  " if difference.is_breaking else ""
        print(f"{difference.kind:>10}  {mark}{difference.where}: {difference.sentence}")

"""`couvert suppression`: the addresses that mail is kept from."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.letter_files import chunks, read_template
from couvert.cli.options import Data, with_parts
from couvert.cli.send import address
from couvert.cli.times import to_ms, utc
from couvert.commands import suppression_lists
from couvert.commands.suppressions import Entry, Imported
from couvert.domain import ids
from couvert.domain.delivery_events import Reason
from couvert.domain.refusals import NotFound, RuleBroken

if TYPE_CHECKING:
    from couvert.domain.suppression import Suppression
    from couvert.wiring import Parts

app = typer.Typer(help="Addresses that get no mail: they bounced, complained, or were entered here.")


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The address.")],
    reason: Annotated[Reason, typer.Option(help="Why mail is kept from it.")] = "manual",
    expires_at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="When it ends by itself; UTC."),
    ] = None,
    data: Data = None,
) -> None:
    """Suppress an address and print the suppression's id, alone, on stdout."""
    entry = Entry(address("EMAIL", email), reason, to_ms(expires_at))

    async def work(parts: Parts) -> int:
        return (await parts.suppressions.add(entry)).suppression.id

    print(ids.encode("sup", with_parts(data, work, creates=True)))


@app.command("list")
def list_(
    email: Annotated[str | None, typer.Option(help="Only this address.")] = None,
    data: Data = None,
) -> None:
    """List the suppressed addresses, the newest first: id, reason, since, until, address."""
    wanted = address("--email", email) if email is not None else None

    async def work(parts: Parts) -> None:
        if wanted is not None:
            found = await parts.suppressions.find(wanted)
            _print([found] if found else [])
            return
        async for part in parts.suppressions.in_force():
            _print(part)

    with_parts(data, work)


@app.command()
def delete(
    which: Annotated[str, typer.Argument(metavar="EMAIL|ID", help="The address, or its suppression's id.")],
    data: Data = None,
) -> None:
    """Let mail go to an address again; what was suppressed stays so until `POST .../retry?suppressed=resend`."""

    async def work(parts: Parts) -> None:
        await parts.suppressions.remove(await _id_of(parts, which))

    with_parts(data, work)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file; its first line names the columns: email, reason, ...")],
    data: Data = None,
) -> None:
    """Suppress all addresses of a list or, if anything in it is at fault, none.

    Of a long list 100,000 are kept at a time: interrupted, it is imported again from its beginning.
    """
    text = read_template(file)

    async def work(parts: Parts) -> Imported:
        from couvert.wiring import now_ms

        entries = suppression_lists.read(text, now_ms(), most=None)
        done = Imported(0, 0, 0, 0)
        for some in chunks(entries, suppression_lists.MOST):
            added, replaced, unchanged, position = await parts.suppressions.import_(some)
            done = Imported(done.added + added, done.replaced + replaced, done.unchanged + unchanged, position)
        return done

    try:
        done = with_parts(data, work, creates=True)
    except RuleBroken as refusal:
        for fault in refusal.faults:
            print(f"{fault.path.replace('lines.', 'line ')} {fault.words}")
        raise RuleBroken(f"{file}: nothing was imported; faults: {len(refusal.faults):,}") from None
    print(f"{done.added:,} added, {done.replaced:,} replaced, {done.unchanged:,} unchanged")


@app.command()
def export(data: Data = None) -> None:
    """Print all suppressed addresses as CSV, which `import` takes back."""

    async def work(parts: Parts) -> None:
        sys.stdout.reconfigure(newline="")  # type: ignore[union-attr] # the lines end as CSV's do
        sys.stdout.write(suppression_lists.HEADER)
        async for part in parts.suppressions.in_force():
            sys.stdout.write(suppression_lists.written(part))

    with_parts(data, work)


async def _id_of(parts: Parts, which: str) -> int:
    """Raises `NotFound` and `RuleBroken`."""
    id_ = ids.decode("sup", which)
    if id_ is None:
        found = await parts.suppressions.find(address("EMAIL|ID", which))
        id_ = found.id if found else None
    if id_ is None:
        raise NotFound(f"{which} is not suppressed.")
    return id_


def _print(suppressions: list[Suppression]) -> None:
    for each in suppressions:
        id_ = ids.encode("sup", each.id)
        print(f"{id_}  {each.reason:<12}  {utc(each.created_at)}  {utc(each.expires_at):<24}  {each.address}")

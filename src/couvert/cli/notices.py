"""`couvert notice`: what providers said of mails, as it came: read it from files, list it, read it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import utc
from couvert.domain.refusals import NotFound, RuleBroken
from couvert.store.changes import Change
from couvert.store.notices import IN_VAIN, UNREAD, Result, Source

if TYPE_CHECKING:
    from couvert.store.notices import StoredNotice
    from couvert.wiring import Parts

app = typer.Typer(help="What providers said of mails: bounces, complaints and the like, as they came.")

PIECE = 500
"""Notices that are marked unread in one commit."""
EVERYTHING = -1  # SQLite's word for no limit


@app.command()
def read(
    files: Annotated[
        list[Path], typer.Argument(help="A bounce as it came by mail, or a notice of Amazon SES as JSON.")
    ],
    data: Data = None,
) -> None:
    """Keep what is in these files, and read it; exit code 1 if any of it says nothing of a delivery here."""
    bodies = [_content(file) for file in files]

    async def work(parts: Parts) -> list[StoredNotice | None]:
        digests = await parts.take_notices.keep(Source.FILE, bodies)
        await _read_all(parts)
        return [await parts.store.notice_by_digest(digest) for digest in digests]

    kept = with_parts(data, work)
    for file, notice in zip(files, kept, strict=True):
        print(f"{file}: {_line(notice) if notice else 'gone'}")
    if any(notice is None or notice.result in IN_VAIN for notice in kept):
        raise typer.Exit(1)


@app.command("list")
def list_(
    unread: Annotated[bool, typer.Option("--unread", help="Only those that nobody has read yet.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were read in vain.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, help="How many, the newest first.")] = 100,
    data: Data = None,
) -> None:
    """List notices: id, when and how each came, what came of it, what it says, and of which delivery."""
    wanted = (UNREAD if unread else frozenset()) | (IN_VAIN if failed else frozenset())

    async def work(parts: Parts) -> list[StoredNotice]:
        return await parts.store.notices(wanted or frozenset(Result), most)

    for notice in with_parts(data, work):
        print(_line(notice))


@app.command()
def show(notice: Annotated[int, typer.Argument(help="Its number.")], data: Data = None) -> None:
    """Print a notice as it came."""

    async def work(parts: Parts) -> StoredNotice | None:
        return await parts.store.notice(notice)

    found = with_parts(data, work)
    if found is None:
        raise NotFound(f"There is no notice {notice}; `couvert notice list` shows those there are.")
    typer.echo(found.body)


@app.command()
def replay(
    notices: Annotated[list[int] | None, typer.Argument(help="Their numbers.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that were read in vain.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    data: Data = None,
) -> None:
    """Read notices again; what they said before is not told twice."""
    if bool(notices) + failed + everything != 1:
        raise RuleBroken("Say which: numbers of notices, --failed or --all.")

    async def work(parts: Parts) -> list[StoredNotice]:
        wanted = frozenset(Result) if everything else IN_VAIN
        ids = notices or [notice.id for notice in await parts.store.notices(wanted, EVERYTHING)]
        for start in range(0, len(ids), PIECE):
            await parts.store.commit(Change(at=parts.read_notices.now_ms(), read_again=ids[start : start + PIECE]))
            await _read_all(parts)
        return [found for id_ in ids if (found := await parts.store.notice(id_))]

    read = with_parts(data, work)
    for notice in read:
        print(_line(notice))
    if any(notice.result in IN_VAIN for notice in read):
        raise typer.Exit(1)


async def _read_all(parts: Parts) -> None:
    while await parts.read_notices.read_due():
        pass


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RuleBroken(f"{file} cannot be read ({error.strerror}).") from None


def _line(notice: StoredNotice) -> str:
    """`  12  2025-01-27 10:30:00.123Z  sqs      read        bounced    dlv_06y5f5z3g0001`, and the detail, if any."""
    from couvert.commands.notice_forms import gist_of

    kind, deliveries = gist_of(notice.body) or ("", "")
    came = f"{notice.id:>8}  {utc(notice.received_at)}  {notice.source:7}  {notice.result:10}"
    return "  ".join([came, *([f"{kind:9}"] if kind else []), *filter(None, (deliveries, notice.detail))]).rstrip()

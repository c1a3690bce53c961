"""`couvert bulk`: one mail to everybody on a list, followed until each has an outcome."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from couvert.cli.letter_files import RecipientList, chunks, read_recipients, read_template
from couvert.cli.options import Data, settings, with_courier, with_parts
from couvert.cli.send import UNDELIVERED, address, variables
from couvert.cli.times import utc
from couvert.commands.accept import MOST_RECIPIENTS
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.personalise import check, common_values, values
from couvert.domain.refusals import RuleBroken

if TYPE_CHECKING:
    from couvert.domain.suppression import Suppression
    from couvert.wiring import Parts

LOOK_SECONDS: Final = 0.25
MOST_FAULTS: Final = 20

Sent = list[tuple[int, int]]
"""Mails that were accepted: id and number of recipients."""
_Show = Callable[[int], None]


def bulk(
    recipients: Annotated[Path, typer.Argument(help="A CSV file; its first line names the columns: email, name, ...")],
    from_: Annotated[str, typer.Option("--from", help="The sender's address.")],
    subject: Annotated[str, typer.Option(help="May use {{name}} and the file's columns.")],
    html: Annotated[Path, typer.Option(help="A file with the HTML template, in UTF-8.")],
    var: Annotated[list[str] | None, typer.Option(help="name=value for all recipients; several times.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who would get what, and send nothing.")] = False,
    data: Data = None,
) -> None:
    """Send one mail to each recipient of a file, with a progress bar until all have an outcome."""
    found = read_recipients(recipients)
    sender, body, common = Sender(address("--from", from_)), read_template(html), variables(var or [])
    if dry_run:
        _show(found, sender, subject, body, common, _suppressed(data, found.recipients))
        return
    _refuse_faults(found, recipients)
    # All of them are checked before the first is accepted: either everybody gets the mail, or nobody.
    check({"--subject": subject, "--html": body}, common, found.recipients)
    commands = [
        AcceptMail(sender, tuple(part), subject, html=body, variables=common)
        for part in chunks(found.recipients, MOST_RECIPIENTS)
    ]
    counts, sent = with_courier(settings(data), lambda parts, is_served: _bulk(parts, commands, wakes=not is_served))
    _summarise(counts, sent, found)
    if counts.keys() & UNDELIVERED:
        raise typer.Exit(1)


async def _bulk(parts: Parts, commands: list[AcceptMail], *, wakes: bool) -> tuple[Counter[State], Sent]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    total = sum(len(command.recipients) for command in commands)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    sent: Sent = []
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("handed over", total=total)
        for command in commands:
            accepted = await parts.mails.accept(command, key=None)
            sent.append((accepted.mail_id, len(command.recipients)))
            if wakes:
                parts.courier.wake()
        return await _follow(parts, sent, lambda settled: progress.update(bar, completed=settled)), sent


async def _follow(parts: Parts, sent: Sent, show: _Show) -> Counter[State]:
    """Until nobody is queued any more; interrupted, the counts as they are, and the rest goes on later."""
    while True:
        counts = Counter[State]()
        for mail_id, recipients in sent:
            counts.update(await parts.store.states(first=mail_id + 1, last=mail_id + recipients))
        show(counts.total() - counts[State.QUEUED])
        if not counts[State.QUEUED]:
            return counts
        try:
            await asyncio.sleep(LOOK_SECONDS)
        except asyncio.CancelledError:
            return counts


# --- What is printed --------------------------------------------------------------------------------------------------


def _summarise(counts: Counter[State], sent: Sent, found: RecipientList) -> None:
    for state in State:
        if counts[state]:
            print(f"{state:>12}  {counts[state]:,}")
    print(f"{'recipients':>12}  {counts.total():,}")
    if found.repeats:
        print(f"{'repeated':>12}  {len(found.repeats):,} (left out: the address stands on an earlier line)")
    for mail_id, _ in sent:
        print(f"{'mail':>12}  {ids.encode('mail', mail_id)}")
    print("`couvert show MAIL` lists its recipients, each with their delivery.")
    if counts[State.QUEUED]:
        print("Those still queued are kept; `couvert serve` goes on with them.")


def _suppressed(data: Path | None, recipients: Sequence[Recipient]) -> Mapping[str, Suppression]:
    """Address -> what keeps mail from it now; nothing if there is no data yet."""
    from couvert import wiring

    async def work(parts: Parts) -> Mapping[str, Suppression]:
        return await parts.suppressions.of([recipient.email for recipient in recipients])

    return with_parts(data, work) if wiring.has_data(settings(data)) else {}


def _show(
    found: RecipientList,
    sender: Sender,
    subject: str,
    body: str,
    common: dict[str, str],
    suppressed: Mapping[str, Suppression],
) -> None:
    """Who would get what and why not, a line each; exit code 1 if a line is at fault."""
    stopped = [*found.faults]
    for recipient in found.recipients:
        try:
            line = _preview(recipient, sender, subject, body, common)
        except RuleBroken as refusal:
            stopped.append(f"{recipient.email}: {refusal.message}")
        else:
            print(_kept_from(recipient, suppressed[recipient.email]) if recipient.email in suppressed else line)
    for sentence in (*stopped, *found.repeats):
        print(f"nothing      {sentence}")
    would_get = len(found.recipients) + len(found.faults) - len(stopped) - len(suppressed)
    kept_from = f"{len(suppressed):,} suppressed, " if suppressed else ""
    print(f"{would_get:,} would get it, {len(stopped):,} would not, {kept_from}{len(found.repeats):,} repeated")
    if stopped:
        print("Nothing is sent to anybody while a line is at fault.")
        raise typer.Exit(1)


def _preview(recipient: Recipient, sender: Sender, subject: str, body: str, common: dict[str, str]) -> str:
    templates = check({"--subject": subject, "--html": body}, common, [recipient])
    filled = values(common_values(sender, common), recipient)
    return f"would get    {recipient.email}  {templates['--subject'].render(filled)}"


def _kept_from(recipient: Recipient, suppression: Suppression) -> str:
    since = utc(suppression.created_at)
    return f"suppressed   {recipient.email}  {suppression.reason} since {since}, {ids.encode('sup', suppression.id)}"


def _refuse_faults(found: RecipientList, path: Path) -> None:
    if found.faults:
        more = f" (and {len(found.faults) - MOST_FAULTS} more)" if len(found.faults) > MOST_FAULTS else ""
        raise RuleBroken(f"{path}: nothing was sent. " + "; ".join(found.faults[:MOST_FAULTS]) + more)

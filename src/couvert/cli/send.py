"""`couvert send`: one mail, followed until its outcome is known."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from couvert.cli.letter_files import read_template
from couvert.cli.options import Data, settings, with_courier
from couvert.commands.addresses import AddressFault, normalise
from couvert.commands.settled import Settled, settled
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.refusals import RuleBroken

if TYPE_CHECKING:
    from couvert.wiring import Parts

FOLLOW_SECONDS: Final = 30
LOOK_SECONDS: Final = 0.1
UNDELIVERED: Final = frozenset(
    {State.BOUNCED, State.COMPLAINED, State.FAILED, State.UNKNOWN, State.SUPPRESSED, State.EXPIRED, State.CANCELLED}
)
"""As what scripts should not take for success. What is still queued is kept, and goes on."""


def send(
    to: Annotated[str, typer.Option(help="The recipient's address.")],
    from_: Annotated[str, typer.Option("--from", help="The sender's address.")],
    subject: Annotated[str, typer.Option(help="May use {{name}} and other variables.")],
    html: Annotated[Path, typer.Option(help="A file with the HTML template, in UTF-8.")],
    var: Annotated[list[str] | None, typer.Option(help="name=value; may be given several times.")] = None,
    name: Annotated[str | None, typer.Option(help="The recipient's name.")] = None,
    data: Data = None,
) -> None:
    """Send one mail and say what became of it; exit code 1 if it reached nobody, or nobody knows."""
    command = AcceptMail(
        sender=Sender(address("--from", from_)),
        recipients=(Recipient(address("--to", to), name),),
        subject=subject,
        html=read_template(html),
        variables=variables(var or []),
    )
    outcome = with_courier(settings(data), lambda parts, is_served: _send(parts, command, is_served=is_served))
    print(f"{ids.encode('dlv', outcome.delivery_id)} {outcome.state}{f': {outcome.words}' if outcome.words else ''}")
    if outcome.state in UNDELIVERED:
        raise typer.Exit(1)


async def _send(parts: Parts, command: AcceptMail, *, is_served: bool) -> Settled:
    if not is_served:
        outcome = (await parts.send.send(command, key=None)).settled
        if outcome.state is not State.QUEUED:
            return outcome
        return outcome._replace(words="; ".join(filter(None, (outcome.words, "`couvert serve` goes on with it"))))
    accepted = await parts.mails.accept(command, key=None)
    delivery_id = accepted.deliveries[0].delivery.id
    for _ in range(int(FOLLOW_SECONDS / LOOK_SECONDS)):
        await asyncio.sleep(LOOK_SECONDS)
        known = await settled(parts.store, delivery_id)
        if known and (known.state is not State.QUEUED or known.words):
            return known
    return Settled(delivery_id, State.QUEUED, accepted.at, words="the running service has not come to it yet")


def address(option: str, text: str) -> str:
    try:
        return normalise(text)
    except AddressFault as fault:
        raise RuleBroken(f"{option} {text}: {fault}") from None


def variables(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    wrong = next((name for name, equals, _ in split if not equals or not name), None)
    if wrong is not None:
        raise RuleBroken(f"--var {wrong}: write name=value")
    return {name: value for name, _, value in split}

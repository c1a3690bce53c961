"""`couvert queue`: messages of the bulk queue that no mail could be made of, and that are kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import utc
from couvert.commands.queue_intake import Malformed, NotNow, QueueMessage
from couvert.domain import ids
from couvert.domain.refusals import NotFound, Unavailable
from couvert.store.changes import Change

if TYPE_CHECKING:
    from couvert.store.messages import MalformedMessage
    from couvert.wiring import Parts

app = typer.Typer(help="Messages of the bulk queue that no mail could be made of, and that no dead-letter queue has.")

Names = Annotated[list[str], typer.Argument(metavar="ID", help="Message ids, as `couvert queue list` prints them.")]


@app.command("list")
def list_(
    most: Annotated[int, typer.Option("--most", min=1, help="How many, the longest kept first.")] = 100,
    data: Data = None,
) -> None:
    """List malformed messages: id, when each came, what is wrong with it."""

    async def work(parts: Parts) -> list[MalformedMessage]:
        return await parts.store.kept_messages(most)

    for message in with_parts(data, work):
        print(f"{message.message_id}  {utc(message.received_at)}  {message.fault}")


@app.command()
def show(name: Annotated[str, typer.Argument(help="Its message id.")], data: Data = None) -> None:
    """Print a malformed message as it came."""

    async def work(parts: Parts) -> str:
        return _body(name, await parts.store.malformed_message(name))

    typer.echo(with_parts(data, work))


@app.command()
def retry(names: Names, data: Data = None) -> None:
    """Try again to make mails of malformed messages, after an update of couvert; exit code 1 if one still is."""

    async def work(parts: Parts) -> bool:
        return all([await _is_mail_now(parts, name) for name in names])

    if not with_parts(data, work):
        raise typer.Exit(1)


@app.command()
def drop(names: Names, data: Data = None) -> None:
    """Delete malformed messages here, for good."""

    async def work(parts: Parts) -> None:
        for name in names:
            _body(name, await parts.store.malformed_message(name))
        await _bury(parts, names)

    with_parts(data, work)


async def _is_mail_now(parts: Parts, name: str) -> bool:
    body = _body(name, await parts.store.malformed_message(name))
    [fate] = await parts.take_messages.take([QueueMessage(name, body)])
    if isinstance(fate, NotNow):
        raise Unavailable(fate.why)
    if isinstance(fate, Malformed):
        print(f"{name}  {fate.fault}")
        return False
    await _bury(parts, [name])
    print(f"{name}  {ids.encode('dlv', fate.delivery_id)}")
    return True


async def _bury(parts: Parts, names: list[str]) -> None:
    await parts.store.commit(Change(at=parts.take_messages.now_ms(), buried=names))


def _body(name: str, message: MalformedMessage | None) -> str:
    if message is None or message.body is None:
        raise NotFound(f"There is no message {name} here; `couvert queue list` shows those there are.")
    return message.body

"""The command line: each command in a file of its own, errors on one line that says what to do."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

import couvert
from couvert.cli import (
    bulk,
    demo,
    doctor,
    keys,
    notices,
    operations,
    queue,
    resolve,
    send,
    serve,
    show,
    simulate_ses,
    specification,
    suppressions,
    tokens,
    users,
    webhooks,
)
from couvert.domain.refusals import Refusal, Unavailable
from couvert.settings import WrongSetting


class _Commands(TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Whoever mistypes a command is not told of one that is hidden."""
        self.commands = {name: one for name, one in self.commands.items() if not one.hidden or name == args[0]}
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="couvert",
    cls=_Commands,
    help="A self-hosted mail API that tells the truth and loses nothing.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _without_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print which couvert this is, and end.")] = False,
) -> None:
    if version:
        print(f"couvert {couvert.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(keys.app, name="key")
app.add_typer(suppressions.app, name="suppression")
app.command("send")(send.send)
app.command("bulk")(bulk.bulk)
app.command("show")(show.show)
app.command("resolve")(resolve.resolve)
app.add_typer(notices.app, name="notice")
app.add_typer(queue.app, name="queue")


app.command("openapi")(specification.openapi)
app.add_typer(specification.app, name="changelog")
app.command("audit")(operations.audit)
app.command("rebuild")(operations.rebuild)
app.command("migrate")(operations.migrate)
app.command("doctor")(doctor.doctor)
app.command("simulate-ses")(simulate_ses.simulate_ses)
app.command("tell-webhooks", hidden=True)(webhooks.tell_webhooks)


def main() -> None:
    """Exit codes: 0 done, 1 the answer is no, 2 wrong use."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except TyperException as wrong:
        # Typer's own words name the option; its exceptions alone do not.
        words = getattr(wrong, "format_message", wrong.__str__)()
        _end(2, f"{words.replace('Value error, ', '').rstrip('.')}. `--help` after the command says what it takes.")
    except typer.Abort:
        _end(130, "interrupted; what was accepted is kept, and `couvert serve` goes on with it")
    except Unavailable as refusal:
        _end(1, refusal.message)
    except Refusal as refusal:
        _end(2, refusal.message)
    except WrongSetting as wrong:
        _end(2, str(wrong))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _end(code: int, sentence: str) -> NoReturn:
    print(f"couvert: {sentence}", file=sys.stderr)
    sys.exit(code)

"""The command line: each command in a file of its own, errors on one line that says what to do."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from couvert.cli import bulk, demo, doctor, keys, operations, send, serve, show
from couvert.domain.refusals import Refusal, Unavailable
from couvert.settings import WrongSetting

app = typer.Typer(
    name="couvert",
    help="A self-hosted mail API that tells the truth and loses nothing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.add_typer(keys.app, name="key")
app.command("send")(send.send)
app.command("bulk")(bulk.bulk)
app.command("show")(show.show)
app.command("audit")(operations.audit)
app.command("rebuild")(operations.rebuild)
app.command("migrate")(operations.migrate)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Exit codes: 0 done, 1 the answer is no, 2 wrong use."""
    try:
        app()
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

"""The command line says which couvert it is."""

import couvert
from couvert.cli import app


def test_the_version_is_printed_and_nothing_else(capsys):
    app(["--version"], standalone_mode=False)

    assert capsys.readouterr().out == f"couvert {couvert.__version__}\n"

"""docs/simulator.md names all there is."""

import inspect
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from couvert.cli.simulate_ses import simulate_ses
from couvert.simulator.faults import Chance, ErrorFault, Faults, Kind, NoticeFaults
from couvert.simulator.routes import TABLE

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("of", [Chance, ErrorFault, Faults, NoticeFaults])
def test_every_fault_is_on_the_page(of):
    names = [field.name for field in msgspec.structs.fields(of)]

    assert [name for name in names if f"`{name}`" not in PAGE and f'"{name}"' not in PAGE] == []


def test_every_option_is_on_the_page():
    options = [f"--{name.replace('_', '-')}" for name in inspect.signature(simulate_ses).parameters]

    assert [option for option in options if option not in PAGE] == []


def test_every_control_call_and_outcome_is_on_the_page():
    control = {path for _, path, _ in TABLE if path.startswith("/simulator")}

    assert [path for path in sorted(control) if f"{path}`" not in PAGE] == []
    assert [kind for kind in get_args(Kind) if f"`{kind}`" not in PAGE] == []

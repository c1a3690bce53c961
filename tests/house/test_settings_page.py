"""The page of settings says what the code reads."""

from pathlib import Path

import pytest

from couvert.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_on_the_page_with_its_default_and_meaning(name: str) -> None:
    field = Settings.model_fields[name]
    default = "" if field.default in (None, "") else f"`{field.default}`"
    assert f"| `COUVERT_{name.upper()}` | {default} | {field.description} |" in PAGE.read_text()


def test_the_page_names_no_setting_that_is_gone() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `COUVERT_")]
    assert len(lines) == len(Settings.model_fields)

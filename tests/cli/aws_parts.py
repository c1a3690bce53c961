"""The parts of an installation with AWS's settings, as the doctor opens them; simulated, and closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from couvert import wiring
from couvert.settings import Settings
from couvert.wiring.parts import Parts
from tests.delivery.ses.handing import KEYS

Open = Callable[..., Parts]


def know_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def opening(**common: Any) -> AsyncIterator[Open]:
    """A function that opens them, with more settings or others."""
    opened: list[Parts] = []

    def open_one(**given: Any) -> Parts:
        opened.append(wiring.open_parts(Settings(_env_file=None, **{**common, **given})))
        return opened[-1]

    try:
        yield open_one
    finally:
        for parts in opened:
            await parts.store.close()

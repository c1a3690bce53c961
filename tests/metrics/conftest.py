"""The whole service in one process, on the sandbox, and somebody who asks it over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from couvert import wiring
from couvert.settings import Settings
from couvert.web import application
from couvert.wiring import Parts
from tests.delivery.ses.handing import KEYS
from tests.metrics.abroad import Abroad, abroad


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    opened = wiring.open_parts(Settings(_env_file=None, data_dir=tmp_path))
    async with wiring.running(opened, delivers=True, follows=True):
        yield opened


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(application(parts.of_doors()), client=("127.0.0.1", 50_000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield client


@pytest.fixture
async def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Abroad]:
    for name, value in {**KEYS, "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    async with abroad(tmp_path) as service:
        yield service

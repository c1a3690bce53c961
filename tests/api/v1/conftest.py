"""A service on a directory of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from couvert.settings import Settings
from tests.api.v1.service import OpenService, Service


@pytest.fixture
async def open_service(tmp_path: Path) -> AsyncIterator[OpenService]:
    """`open_service(v1_max_body=1_000)` is a service with that setting."""
    opened: list[Service] = []

    def open_one(**given: Any) -> Service:
        settings = Settings(_env_file=None, data_dir=tmp_path, **given)
        opened.append(Service(tmp_path / str(len(opened)), settings))
        return opened[-1]

    yield open_one
    for service in opened:
        await service.close()


@pytest.fixture
def service(open_service: OpenService) -> Service:
    return open_service()


@pytest.fixture
async def key(service: Service) -> str:
    """Good for app.example.com."""
    return await service.new_key()

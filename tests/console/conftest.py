"""A browser in front of the whole application."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from couvert.settings import Settings
from tests.api.v1.service import Service
from tests.console.browser import Browser


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path / "data", Settings(_env_file=None, data_dir=tmp_path))
    yield service
    await service.close()


@pytest.fixture
def browser(service: Service) -> Browser:
    return Browser(service)


@pytest.fixture
async def alice(browser: Browser) -> Browser:
    """An admin who is signed in."""
    await browser.set_up("alice@example.com")
    return browser

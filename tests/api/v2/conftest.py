"""A hall for each test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from couvert.domain.token import TokenRole
from couvert.domain.user import Role
from couvert.settings import Settings
from tests.api.v1.service import Service
from tests.api.v2.hall import Hall
from tests.api.v2.members import Member, member
from tests.api.v2.post_office import PostOffice
from tests.api.v2.room import Room


@pytest.fixture
async def open_hall(tmp_path: Path) -> AsyncIterator[Callable[..., Hall]]:
    opened: list[Hall] = []

    def open_one(**given: Any) -> Hall:
        opened.append(Hall(tmp_path / str(len(opened)), Settings(_env_file=None, data_dir=tmp_path, **given)))
        return opened[-1]

    yield open_one
    for hall in opened:
        await hall.service.close()


@pytest.fixture
def hall(open_hall: Callable[..., Hall]) -> Hall:
    return open_hall()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[PostOffice]:
    office = PostOffice(tmp_path)
    yield office
    await office.service.close()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    opened = Service(tmp_path / "service", Settings(_env_file=None, data_dir=tmp_path))
    yield opened
    await opened.close()


@pytest.fixture
async def tokens(service: Service) -> dict[str, str]:
    """Alice's may do everything, Bob's may read."""
    accounts, found = service.parts.accounts, {}
    roles: dict[str, list[TokenRole]] = {"alice": ["api_read", "api_write"], "bob": ["api_read"]}
    for name, granted in roles.items():
        added = await accounts.users.add(email=f"{name}@example.com", role=Role.MEMBER)
        found[name] = (await accounts.tokens.create(added.user.id, description="", roles=granted)).secret
    return found


@pytest.fixture
async def alice(service: Service) -> Member:
    return await member(service, "Alice", Role.ADMIN)


@pytest.fixture
async def bob(service: Service, alice: Member) -> Member:
    return await member(service, "Bob", Role.MEMBER)


@pytest.fixture
async def rita(service: Service, alice: Member) -> Member:
    return await member(service, "Rita", Role.READONLY)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path) as room:
        yield room

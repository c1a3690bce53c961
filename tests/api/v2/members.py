"""The whole application with people in it: Alice is an admin, Bob a member, and Rita may only read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2

from couvert.domain.token import EVERY_ROLE, TokenRole
from couvert.domain.user import Person, Role, User
from tests.api.v1.service import Service

BARE = {"Prefer": "envelope=none"}


@dataclass
class Member:
    service: Service
    user: User
    secret: str
    token_id: str

    async def ask(self, method: str, path: str, headers: Any = None, **given: Any) -> httpx2.Response:
        sent = {"X-Access-Token": self.secret, **(headers or {})}
        return await self.service.request(method, "/v2" + path, headers=sent, **given)

    async def bare(self, method: str, path: str, **given: Any) -> httpx2.Response:
        return await self.ask(method, path, headers=BARE, **given)

    async def with_roles(self, *roles: TokenRole) -> Member:
        """The same user with another token."""
        return await _with_token(self.service, self.user, *roles)


async def member(service: Service, name: str, role: Role) -> Member:
    added = await service.parts.accounts.users.add(
        email=f"{name.lower()}@example.com", role=role, person=Person(name, "Ash")
    )
    return await _with_token(service, added.user, *(EVERY_ROLE[:1] if role is Role.READONLY else EVERY_ROLE))


async def _with_token(service: Service, user: User, *roles: TokenRole) -> Member:
    created = await service.parts.accounts.tokens.create(user.id, description="test", roles=roles)
    return Member(service, user, created.secret, created.token.token_id)


def reasons(answer: httpx2.Response) -> list[str]:
    return [item["reason"] for item in answer.json()["error"]["errors"]]

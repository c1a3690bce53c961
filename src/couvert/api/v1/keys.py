"""API keys over HTTP: create one, delete one, name more origins. Who may is settled before the body is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from couvert.api.body import read_json
from couvert.api.parts import Parts
from couvert.api.v1 import answers
from couvert.api.v1.access import check_may_manage_keys
from couvert.api.v1.bodies import KeyBody, OriginsBody
from couvert.api.v1.faults import validated
from couvert.domain.times import to_ms


@dataclass(frozen=True, slots=True)
class CreateKey:
    parts: Parts

    async def __call__(self, request: Request) -> Response:
        await check_may_manage_keys(self.parts, request)
        body = validated(KeyBody, await read_json(request, limit=self.parts.settings.v1_max_body))
        created = await self.parts.keys.create(
            name=body.name, origins=body.origin_names, expires_at=to_ms(body.expires_at) if body.expires_at else None
        )
        return answers.json(answers.created(created.key, created.secret))


@dataclass(frozen=True, slots=True)
class DeleteKey:
    parts: Parts

    async def __call__(self, request: Request) -> Response:
        await check_may_manage_keys(self.parts, request)
        secret = request.path_params["api_key"]
        await self.parts.keys.delete(secret)
        return answers.json(answers.deleted(secret))


@dataclass(frozen=True, slots=True)
class AddOrigins:
    parts: Parts

    async def __call__(self, request: Request) -> Response:
        await check_may_manage_keys(self.parts, request)
        body = validated(OriginsBody, await read_json(request, limit=self.parts.settings.v1_max_body))
        secret = request.path_params["api_key"]
        added = await self.parts.keys.add_origins(secret, body.origin_names)
        return answers.json(answers.origins_added(secret, added.origins))

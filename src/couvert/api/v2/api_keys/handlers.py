"""What the calls about API keys do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from couvert.api.parts import Parts
from couvert.api.v2.api_keys.shapes import (
    ApiKeyAnswer,
    CreatedApiKeyAnswer,
    OriginAnswer,
    key_answer,
    origin_answers,
)
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.pages import part_of
from couvert.api.v2.refusals import Faulty, Item
from couvert.api.v2.times import to_ms
from couvert.commands.key_changes import AddedOrigins
from couvert.commands.keys import CreatedKey
from couvert.domain.key import ApiKey, existing
from couvert.domain.origin import parse_origin_name
from couvert.domain.refusals import NotFound, RuleBroken
from couvert.domain.restrictions import DAY_MS


@dataclass(frozen=True, slots=True)
class ApiKeys:
    parts: Parts

    async def create(self, asked: Asked) -> Answer:
        with _expiry_is_at_fault():
            created = await self.parts.keys.create(
                name=asked.body.name,
                origins=asked.body.origins,
                expires_at=to_ms(asked.body.expires_at),
                restrictions=asked.body.restrictions(),
                by=asked.caller,
                claim=asked.claimed(lambda created: _created(created, None), 201),
            )
        return Answer(_created(created, created.secret), etag=created.position)

    async def list_all(self, asked: Asked) -> Answer:
        keys = [stored.key for stored in await self.parts.store.keys() if stored.key.is_active]
        part, page = part_of(keys, asked.query)
        return Answer({"apiKeys": [await self._answer(key) for key in part]}, page=page)

    async def read(self, asked: Asked) -> Answer:
        return Answer(await self._answer(await self._key(asked)))

    async def replace(self, asked: Asked) -> Answer:
        with _expiry_is_at_fault():
            changed = await self.parts.keys.replace(
                asked.path["keyId"],
                name=asked.body.name,
                expires_at=to_ms(asked.body.expires_at),
                restrictions=asked.body.restrictions(),
                origins=asked.body.origins,
                by=asked.caller,
            )
        return Answer(await self._answer(changed.key), etag=changed.position)

    async def delete(self, asked: Asked) -> Answer:
        return Answer({}, etag=await self.parts.keys.delete_by_id(asked.path["keyId"], by=asked.caller))

    # --- Origins ------------------------------------------------------------------------------------------------------

    async def list_origins(self, asked: Asked) -> Answer:
        part, page = part_of((await self._key(asked)).origins, asked.query)
        return Answer({"origins": origin_answers(part)}, page=page)

    async def add_origin(self, asked: Asked) -> Answer:
        """One that is there already is answered as it is."""
        name = asked.body.name
        claim = asked.claimed(lambda added: _origin(added, name), 201)
        added = await self.parts.keys.add_origin(asked.path["keyId"], name, by=asked.caller, claim=claim)
        return Answer(_origin(added, name), etag=added.position)

    async def remove_origin(self, asked: Asked) -> Answer:
        name = parse_origin_name(asked.path["originName"])
        if name is None:
            raise NotFound("The API key has no such origin.")
        return Answer({}, etag=await self.parts.keys.remove_origin(asked.path["keyId"], name, by=asked.caller))

    # --- Details ------------------------------------------------------------------------------------------------------

    async def _key(self, asked: Asked) -> ApiKey:
        stored = await self.parts.store.key_by_id(asked.path["keyId"])
        return existing(stored and stored.key)

    async def _answer(self, key: ApiKey) -> ApiKeyAnswer:
        used = None
        if key.restrictions.daily_quota is not None:
            used = await self.parts.store.used(key.id, self.parts.now_ms() // DAY_MS)
        return key_answer(key, used)


def _created(created: CreatedKey, secret: str | None) -> CreatedApiKeyAnswer:
    used = None if created.key.restrictions.daily_quota is None else 0
    return {**key_answer(created.key, used), "apiKey": secret}


def _origin(added: AddedOrigins, name: str) -> OriginAnswer:
    return origin_answers(origin for origin in added.all if origin.name == name)[0]


@contextmanager
def _expiry_is_at_fault() -> Iterator[None]:
    """It is the one thing about a key that only its rule can judge."""
    try:
        yield
    except RuleBroken:
        raise Faulty([Item("expiresAt", "is in the past; give a later time, or null for a key without end")]) from None

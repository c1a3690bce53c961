"""What the calls about API tokens do; all of them are about the caller's own."""

from __future__ import annotations

from dataclasses import dataclass

from couvert.api.parts import Parts
from couvert.api.v2.accounts.shapes import CreatedTokenAnswer, token_answer
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.pages import part_of
from couvert.api.v2.refusals import Faulty, Item
from couvert.api.v2.times import to_ms
from couvert.commands.tokens import CreatedToken, Tokens
from couvert.domain.refusals import RuleBroken


@dataclass(frozen=True, slots=True)
class TokenHandlers:
    parts: Parts

    async def create(self, asked: Asked) -> Answer:
        expires_at = self._expiry(asked)
        try:
            created = await self._tokens.create(
                asked.caller.user,
                description=asked.body.description,
                roles=asked.body.roles,
                expires_at=expires_at,
                by=asked.caller,
                claim=asked.claimed(lambda created: _created(created, None), 201),
            )
        except RuleBroken as broken:
            raise Faulty([Item("roles", broken.message)]) from None
        return Answer(_created(created, created.secret), etag=created.position)

    async def list_own(self, asked: Asked) -> Answer:
        tokens = [token_answer(stored) for stored in await self._tokens.of(asked.caller.user)]
        part, page = part_of(tokens, asked.query)
        return Answer({"apiTokens": part}, page=page)

    async def read(self, asked: Asked) -> Answer:
        return Answer(token_answer(await self._tokens.find(asked.caller.user, asked.path["apiTokenId"])))

    async def edit(self, asked: Asked) -> Answer:
        token_id, user = asked.path["apiTokenId"], asked.caller.user
        before = (await self._tokens.find(user, token_id)).token.expires_at
        is_expiry_given = "expires_at" in asked.body.model_fields_set
        expires_at = before if not is_expiry_given else self._expiry(asked, unless=before)
        changed = await self._tokens.edit(
            user, token_id, description=asked.body.description, expires_at=expires_at, by=asked.caller
        )
        return Answer(token_answer(changed.token), etag=changed.position)

    async def revoke(self, asked: Asked) -> Answer:
        position = await self._tokens.revoke(asked.caller.user, asked.path["apiTokenId"], by=asked.caller)
        return Answer({}, etag=position)

    @property
    def _tokens(self) -> Tokens:
        return self.parts.accounts.tokens

    def _expiry(self, asked: Asked, unless: int | None = None) -> int | None:
        """The rule refuses it as well; here the fault has its place."""
        expires_at = to_ms(asked.body.expires_at)
        if expires_at is not None and expires_at != unless and expires_at <= self.parts.now_ms():
            raise Faulty([Item("expiresAt", "is in the past; give a later time, or null for one that never expires")])
        return expires_at


def _created(created: CreatedToken, secret: str | None) -> CreatedTokenAnswer:
    return {"token": secret, "apiTokenId": created.token.token_id}

"""What the calls about users do."""

from __future__ import annotations

from dataclasses import dataclass

from couvert.api.parts import Parts
from couvert.api.v2.accounts.shapes import AddedUserAnswer, user_answer
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.pages import part_of
from couvert.commands.users import ChangedUser
from couvert.domain.user import User, existing


@dataclass(frozen=True, slots=True)
class UserHandlers:
    parts: Parts

    async def read_own(self, asked: Asked) -> Answer:
        return Answer(user_answer(await self._own(asked)))

    async def read(self, asked: Asked) -> Answer:
        """Somebody else is only there for an admin."""
        user_id = asked.path["userId"]
        if user_id == asked.caller.user_id:
            return await self.read_own(asked)
        found = await self.parts.accounts.users.find(user_id) if asked.caller.is_admin else None
        return Answer(user_answer(existing(found and found.user)))

    async def rename_own(self, asked: Asked) -> Answer:
        person = asked.body.person.person()
        changed = await self.parts.accounts.users.rename(asked.caller.user, person, by=asked.caller)
        return Answer(user_answer(changed.user), etag=changed.position)

    async def rename(self, asked: Asked) -> Answer:
        """Clients written for mStudio may name themselves by their id."""
        if asked.path["userId"] != asked.caller.user_id:
            existing(None)
        return await self.rename_own(asked)

    async def list_all(self, asked: Asked) -> Answer:
        users = [user_answer(stored.user) for stored in await self.parts.store.users()]
        part, page = part_of(users, asked.query)
        return Answer({"users": part}, page=page)

    async def add(self, asked: Asked) -> Answer:
        body = asked.body
        added = await self.parts.accounts.users.add(
            email=body.email,
            role=body.role,
            person=body.person.person(),
            by=asked.caller,
            claim=asked.claimed(lambda added: _added(added, None), 201),
        )
        path = await self.parts.accounts.set_up.new_path(added.user.id)
        url = (self.parts.settings.public_url or str(asked.request.base_url)).rstrip("/")
        return Answer(_added(added, url + path), etag=added.position)

    async def delete(self, asked: Asked) -> Answer:
        position = await self.parts.accounts.users.delete(asked.path["userId"], by=asked.caller)
        return Answer({}, etag=position)

    async def _own(self, asked: Asked) -> User:
        stored = await self.parts.store.user(asked.caller.user)
        return existing(stored and stored.user)


def _added(added: ChangedUser, setup_url: str | None) -> AddedUserAnswer:
    return {**user_answer(added.user), "setupUrl": setup_url}

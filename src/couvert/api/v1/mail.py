"""POST /v1/mail: one recipient is sent to while the client waits, several are queued."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

import structlog
from starlette.requests import Request
from starlette.responses import Response

from couvert.api.body import read_json
from couvert.api.parts import Parts
from couvert.api.v1 import answers
from couvert.api.v1.access import admitted, admitted_in_haste, check_rate, may_send_as
from couvert.api.v1.bodies import MailBody, to_command
from couvert.api.v1.faults import validated
from couvert.commands.claims import Claim
from couvert.commands.idempotency import claim_of
from couvert.commands.settled import Settled
from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail
from couvert.domain.refusals import Conflict, Refusal, RuleBroken, Unavailable
from couvert.store.rows import Idempotency, StoredKey

TRIES: Final = 3
_VISIBLE: Final = re.compile(r"[!-~]{1,256}")

log = structlog.get_logger()


class Handled(NamedTuple):
    accepted_at: int
    settled: Settled | None
    """None for several recipients: nobody waits for these."""


@dataclass(frozen=True, slots=True)
class PostMail:
    parts: Parts

    async def __call__(self, request: Request) -> Response:
        key = await admitted_in_haste(self.parts, request)
        try:
            return await self._handled(request, key)
        except Refusal:
            # Whoever is refused is told about the key first, as it is now.
            await admitted(self.parts, request)
            raise

    async def _handled(self, request: Request, key: StoredKey) -> Response:
        await check_rate(self.parts, request, key)
        raw = await read_json(request, limit=self.parts.settings.v1_max_body)
        claim = _claim_or_none(request, key, raw)
        command = to_command(validated(MailBody, raw))
        if claim is None:
            return answers.encoded(await self._first(request, key, command, None))
        with self.parts.idempotency.running(claim):
            return await self._once(request, key, command, claim)

    async def _once(self, request: Request, key: StoredKey, command: AcceptMail, claim: Claim) -> Response:
        """With an Idempotency-Key: the first request does it, the others get its answer."""
        earlier = await self.parts.idempotency.earlier(claim)
        if earlier is None:
            try:
                return answers.encoded(await self._first(request, key, command, claim))
            except Conflict:
                # Another process was first with the same key, a moment ago.
                earlier = await self.parts.idempotency.earlier(claim)
                if earlier is None:
                    raise
        return answers.encoded(await self._again(command, claim, earlier), headers={"Idempotent-Replayed": "true"})

    async def _first(self, request: Request, key: StoredKey, command: AcceptMail, claim: Claim | None) -> bytes:
        return await self._answer(command, claim, await self._accepted(request, key, command, claim))

    async def _accepted(self, request: Request, key: StoredKey, command: AcceptMail, claim: Claim | None) -> Handled:
        """Again with the key as it is by then, if it changed before the commit: of that, nothing was kept."""
        for _ in range(TRIES):
            key = await may_send_as(self.parts, request, key, command.sender.email)
            try:
                return await self._handle(request, command, key, claim)
            except Conflict:
                if claim and await self.parts.idempotency.earlier(claim):
                    raise
                key = await admitted(self.parts, request)
        raise Conflict("the API key changed at every try")

    async def _handle(self, request: Request, command: AcceptMail, key: StoredKey, claim: Claim | None) -> Handled:
        if len(command.recipients) > 1:
            accepted = await self.parts.send.queue(command, key=key, claim=claim)
            self.parts.traffic.accepted_by_v1(request.scope, accepted)
            return Handled(accepted.at, None)
        sending = await self.parts.send.send(command, key=key, claim=claim)
        self.parts.traffic.accepted_by_v1(request.scope, sending.accepted)
        return Handled(sending.accepted.at, sending.settled)

    async def _answer(self, command: AcceptMail, claim: Claim | None, handled: Handled) -> bytes:
        """Kept with the Idempotency-Key, which a refusal leaves unused."""
        if handled.settled is None:
            return answers.several(command, handled.accepted_at)
        try:
            answer = answers.single(command, handled.accepted_at, handled.settled)
        except RuleBroken:
            await self._keep(claim, None)
            raise
        await self._keep(claim, answer)
        return answer

    async def _keep(self, claim: Claim | None, answer: bytes | None) -> None:
        if claim is None:
            return
        try:
            await self.parts.idempotency.answer(claim, answer)
        except Unavailable as trouble:
            # The mail stands, and so does its key: a repeat finds no answer and makes it of the outcome again.
            log.warning("idempotency.answer_lost", trouble=trouble.message)

    async def _again(self, command: AcceptMail, claim: Claim, earlier: Idempotency) -> bytes:
        """The first answer; if its process died before it gave one, what it would have said."""
        if earlier.answer is not None:
            return earlier.answer
        settled = None
        if len(command.recipients) == 1:
            delivery_id = earlier.mail_id + 1
            settled = await self.parts.send.outcome(delivery_id)
            settled = settled or Settled(delivery_id, State.QUEUED, earlier.created_at)
        return await self._answer(command, claim, Handled(earlier.created_at, settled))


def _claim_or_none(request: Request, key: StoredKey, raw: bytes) -> Claim | None:
    idempotency_key = request.headers.get("idempotency-key")
    if idempotency_key is None:
        return None
    if not _VISIBLE.fullmatch(idempotency_key):
        raise RuleBroken("Idempotency-Key must be 1 to 256 visible ASCII characters.")
    return claim_of(who=f"v1 key {key.key.id}", method="POST", path="/v1/mail", key=idempotency_key, body=raw)

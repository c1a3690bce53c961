"""What is done with mails: sent, one or many at once; looked at before; stopped, or tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from couvert.api.parts import Parts
from couvert.api.v2 import errors, inputs
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.large_bodies import read_aside
from couvert.api.v2.mailing.answers import (
    MailResult,
    intervened,
    queued,
    queued_in_batch,
    refused_in_batch,
)
from couvert.api.v2.mailing.bodies import MailBody, to_command
from couvert.api.v2.mailing.faults import faulty
from couvert.api.v2.refusals import Faulty, Item
from couvert.commands.accept import Accepted, AcceptMails, Checked
from couvert.commands.preview import Preview, preview
from couvert.domain import ids
from couvert.domain.refusals import NotFound, RuleBroken

MOST_RECIPIENTS_OF_BATCH: Final = 100_000
"""One commit keeps all of them, and takes a second for so many; nobody else's is kept meanwhile."""
ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True)
class Mails:
    parts: Parts

    async def post(self, asked: Asked) -> Answer:
        checked = await read_aside(self._checked, asked.body) if asked.is_large else self._checked(asked.body)
        accepted = await self._accept.accept_checked(
            checked, key=None, by=asked.caller, claim=asked.claimed(queued, ACCEPTED)
        )
        self.parts.send.courier.wake()
        self.parts.traffic.accepted_by_v2(asked.request.scope, accepted)
        return Answer(queued(accepted), etag=accepted.position)

    async def post_batch(self, asked: Asked) -> Answer:
        mails = asked.body.mails
        judged = await read_aside(self._all_judged, mails) if asked.is_large else self._all_judged(mails)
        _refuse_if_too_many(judged)
        if asked.query.strict:
            _refuse_if_any(judged)

        def data(accepted: Sequence[Accepted]) -> Mapping[str, Any]:
            return {"results": _results(judged, accepted)}

        accepted = await self._accept.accept_all(
            [each for each in judged if not isinstance(each, Faulty)],
            key=None,
            by=asked.caller,
            claim=asked.claimed(data, ACCEPTED),
        )
        self.parts.send.courier.wake()
        for each in accepted[:1]:  # one request, one commit
            self.parts.traffic.accepted_by_v2(asked.request.scope, each)
        etag = accepted[-1].position if accepted else await self.parts.store.position()
        return Answer(data(accepted), etag=etag)

    async def preview(self, asked: Asked) -> Answer:
        try:
            seen = await read_aside(self._preview, asked.body) if asked.is_large else self._preview(asked.body)
        except RuleBroken as refusal:
            raise faulty(refusal) from None
        return Answer(seen._asdict())

    async def cancel(self, asked: Asked) -> Answer:
        done = await self.parts.interventions.cancel(
            _mail_id(asked), by=asked.caller, claim=asked.claimed(intervened, 200)
        )
        return Answer(intervened(done), etag=done.position)

    async def retry(self, asked: Asked) -> Answer:
        done = await self.parts.interventions.retry(
            _mail_id(asked),
            unknown=asked.query.unknown,
            suppressed=asked.query.suppressed is not None,
            by=asked.caller,
            claim=asked.claimed(intervened, 200),
        )
        return Answer(intervened(done), etag=done.position)

    def _preview(self, body: MailBody) -> Preview:
        return preview(to_command(body), self.parts.now_ms())

    @property
    def _accept(self) -> AcceptMails:
        return self.parts.send.mails

    def _checked(self, body: MailBody) -> Checked:
        try:
            return self._accept.checked(to_command(body))
        except RuleBroken as refusal:
            raise faulty(refusal) from None

    def _all_judged(self, mails: Sequence[object]) -> list[Checked | Faulty]:
        return [self._judged(each) for each in mails]

    def _judged(self, raw: object) -> Checked | Faulty:
        try:
            return self._checked(inputs.checked(MailBody, raw))
        except Faulty as refusal:
            return refusal


def _refuse_if_too_many(judged: Sequence[Checked | Faulty]) -> None:
    recipients = sum(len(each.recipients) for each in judged if not isinstance(each, Faulty))
    if recipients > MOST_RECIPIENTS_OF_BATCH:
        words = f"have {recipients:,} recipients in all; send at most {MOST_RECIPIENTS_OF_BATCH:,} in one batch."
        raise Faulty([Item("mails", words, "too_long")])


def _refuse_if_any(judged: Sequence[Checked | Faulty]) -> None:
    items = [
        item._replace(reason=f"mails.{n}.{item.reason}" if item.reason != "body" else f"mails.{n}")
        for n, each in enumerate(judged)
        if isinstance(each, Faulty)
        for item in each.items
    ]
    if items:
        raise Faulty(items[: inputs.MOST_FAULTS])


def _results(judged: Sequence[Checked | Faulty], accepted: Sequence[Accepted]) -> list[MailResult]:
    """In the order of the request."""
    kept = iter(accepted)
    return [
        refused_in_batch(n, errors.failure(each)) if isinstance(each, Faulty) else queued_in_batch(n, next(kept))
        for n, each in enumerate(judged)
    ]


def _mail_id(asked: Asked) -> int:
    mail_id = ids.decode("mail", asked.path["mailId"])
    if mail_id is None:
        raise NotFound("There is no such mail.")
    return mail_id

"""Accept a mail: check its templates for every recipient, then keep it with its deliveries in one change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from couvert.commands.claims import Claim
from couvert.domain import delivery, mail, personalise
from couvert.domain.delivery import Begun, Delivery
from couvert.domain.ids import IdSource
from couvert.domain.lines import is_one_line
from couvert.domain.mail import AcceptMail, MailAccepted
from couvert.domain.refusals import RuleBroken, Unavailable
from couvert.domain.restrictions import daily_use
from couvert.store.port import (
    Change,
    Content,
    Position,
    Record,
    Store,
    StoredDelivery,
    StoredKey,
    StoredRecipient,
)

MOST_RECIPIENTS: Final = 10_000


class Lease(NamedTuple):
    """A delivery that is accepted leased is handed over by its worker without a look into the queue."""

    owner: int
    until: int
    begins: bool = False
    """Its worker has hand and channel ready: the one delivery is accepted as begun."""


class Accepted(NamedTuple):
    mail_id: int
    position: Position
    at: int
    content: Content
    bodies: Mapping[bytes, str]
    deliveries: list[StoredDelivery]


class AcceptedUnseen(Unavailable):
    """The commit ended unseen. What was begun with it is to be taken back by the worker that was ready."""

    def __init__(self, message: str, accepted: Accepted) -> None:
        super().__init__(message, may_be_kept=True)
        self.accepted = accepted


@dataclass(frozen=True, slots=True)
class AcceptMails:
    store: Store
    ids: IdSource
    now_ms: Callable[[], int]

    async def accept(
        self, command: AcceptMail, *, key: StoredKey | None, lease: Lease | None = None, claim: Claim | None = None
    ) -> Accepted:
        """Durable when it returns. Raises `RuleBroken`, `QuotaExceeded`, `Unavailable`, and `Conflict` if the key
        changed meanwhile.
        """
        _check(command)
        now = self.now_ms()
        mail_id = self.ids.block(1 + len(command.recipients))
        event = mail.accept(command, now=now, key_id=key.key.id if key else None)
        content, bodies = _content(mail_id, command)
        deliveries = _deliveries(mail_id, event, lease, now)
        change = Change(
            at=now,
            records=[Record(mail_id, 0, event), *_beginnings(deliveries)],
            content=content,
            bodies=bodies,
            new_recipients=[StoredRecipient(mail_id + n, r) for n, r in enumerate(command.recipients, 1)],
            new_deliveries=deliveries,
            expected_keys={key.key.id: key.revision} if key else {},
            daily_use=daily_use(key.key.restrictions, key.key.id, len(command.recipients), now) if key else None,
        )
        accepted = Accepted(mail_id, 0, now, content, bodies, deliveries)
        change.idempotency = claim.kept(accepted, at=now, mail_id=mail_id) if claim else None
        return accepted._replace(position=await self._commit(change, accepted))

    async def _commit(self, change: Change, accepted: Accepted) -> Position:
        try:
            return await self.store.commit(change)
        except Unavailable as trouble:
            if trouble.may_be_kept:
                raise AcceptedUnseen(trouble.message, accepted) from trouble
            raise


def _check(command: AcceptMail) -> None:
    if not 1 <= len(command.recipients) <= MOST_RECIPIENTS:
        raise RuleBroken(f"A mail has 1 to {MOST_RECIPIENTS:,} recipients, not {len(command.recipients):,}.")
    if not command.html and not command.text:
        raise RuleBroken("A mail needs an HTML or a text template.")
    sources = {"subject": command.subject, "html_template": command.html, "text_template": command.text}
    templates = personalise.check(sources, command.variables, command.recipients)
    _refuse_line_breaks(command, templates["subject"].names)


def _refuse_line_breaks(command: AcceptMail, in_subject: Set[str]) -> None:
    """In whatever a header may be made of: the subject, the names, and every value that the subject uses."""
    sender = command.sender
    lines = [("subject", command.subject), ("sender_name", sender.name), ("reply_to", command.reply_to)]
    lines += [("sender_organisation_name", sender.organisation_name)]
    variables = [command.variables, *(r.variables for r in command.recipients if r.variables)]
    lines += [(name, own[name]) for own in variables for name in in_subject if name in own]
    for recipient in command.recipients:
        lines += (("name", recipient.name), ("company", recipient.company))
    for name, line in lines:
        if line is not None and not is_one_line(line):
            raise RuleBroken(f"{name} has a line break or another control character; it must be one line.")


def _content(mail_id: int, command: AcceptMail) -> tuple[Content, dict[bytes, str]]:
    bodies: dict[bytes, str] = {}

    def kept(body: str | None) -> bytes | None:
        if body is None:
            return None
        digest = sha256(body.encode()).digest()
        bodies[digest] = body
        return digest

    content = Content(
        mail_id=mail_id,
        sender=command.sender,
        subject=command.subject,
        reply_to=command.reply_to,
        html=kept(command.html),
        text=kept(command.text),
        variables=command.variables,
        references=command.references,
    )
    return content, bodies


def _deliveries(mail_id: int, event: MailAccepted, lease: Lease | None, now: int) -> list[StoredDelivery]:
    if lease and lease.begins:
        return [_begun(mail.born(mail_id, 1, event), lease, now)]
    wake_at, owner = (lease.until, lease.owner) if lease else (event.due_at, 0)
    first = mail.born(mail_id, 1, event)
    return [
        StoredDelivery(first._replace(id=mail_id + n) if n > 1 else first, 1, wake_at, owner)
        for n in range(1, event.count + 1)
    ]


def _begun(first: Delivery, lease: Lease, now: int) -> StoredDelivery:
    """Left to the queue if its time has not come yet."""
    event = delivery.begin(first, now) if first.due_at == now else None
    if not isinstance(event, Begun):
        return StoredDelivery(first, 1, first.due_at, 0)
    return StoredDelivery(delivery.evolve(first, event), 1, lease.until, lease.owner)


def _beginnings(deliveries: list[StoredDelivery]) -> list[Record]:
    first = deliveries[0].delivery
    return [Record(first.mail_id, 1, Begun(first.attempt))] if first.is_begun else []

"""Accept mails: check each for every recipient, then keep them with their deliveries in one change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, NamedTuple, NewType

from couvert.commands import checks
from couvert.commands.callers import Caller, guard_of
from couvert.commands.checks import MOST_RECIPIENTS
from couvert.commands.claims import Claim
from couvert.commands.contents import Bodies, content_of, together
from couvert.domain import delivery, mail
from couvert.domain.delivery import Delivery
from couvert.domain.delivery_events import Begun
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, MailAccepted
from couvert.domain.refusals import Unavailable, refuse
from couvert.domain.restrictions import daily_use
from couvert.domain.suppression import RecipientSuppressed
from couvert.store.changes import Change
from couvert.store.log import Position, Record
from couvert.store.port import Store
from couvert.store.rows import Content, StoredDelivery, StoredKey, StoredRecipient

__all__ = ["MOST_RECIPIENTS", "AcceptMails", "Accepted", "AcceptedUnseen", "Checked", "Lease"]

NOBODY: Final[Mapping[int, int]] = {}

Checked = NewType("Checked", AcceptMail)
"""A mail in which nothing was wrong a moment ago."""


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
    bodies: Bodies
    deliveries: list[StoredDelivery]
    kept_at: float = 0.0
    """By `perf_counter`, once its commit was synced."""


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

    def checked(self, command: AcceptMail) -> Checked:
        """The mail itself. Raises `RuleBroken` with all that is wrong."""
        refuse(checks.faults(command, self.now_ms()))
        return Checked(command)

    async def accept(
        self,
        command: AcceptMail,
        *,
        key: StoredKey | None,
        by: Caller | None = None,
        lease: Lease | None = None,
        claim: Claim | None = None,
    ) -> Accepted:
        """Durable when it returns. Raises `RuleBroken`, `QuotaExceeded`, `Unavailable`, and `Conflict` if the key
        or the caller's token changed meanwhile.
        """
        return await self.accept_checked(self.checked(command), key=key, by=by, lease=lease, claim=claim)

    async def accept_checked(
        self,
        command: Checked,
        *,
        key: StoredKey | None,
        by: Caller | None = None,
        lease: Lease | None = None,
        claim: Claim | None = None,
    ) -> Accepted:
        """As `accept`, of a mail that was checked."""
        now = self.now_ms()
        accepted, change = self._change([command], key, by, now, lease)
        change.idempotency = claim.kept(accepted[0], at=now, mail_id=accepted[0].mail_id) if claim else None
        try:
            return _kept(accepted[0], await self._commit(change, accepted[0]))
        except RecipientSuppressed as found:
            # It was to be begun at once: accepted all the same, it ends as what it is.
            suppressed = _suppress(accepted[0], change, found)
        return _kept(suppressed, await self._commit(change, suppressed))

    async def accept_all(
        self,
        commands: Sequence[Checked],
        *,
        key: StoredKey | None,
        by: Caller | None = None,
        claim: Claim | None = None,
    ) -> list[Accepted]:
        """All of them or, if it raises, none; the claim's answer is made of the list. There may be none."""
        now = self.now_ms()
        accepted, change = self._change(commands, key, by, now, None)
        change.idempotency = claim.kept(accepted, at=now) if claim else None
        position = await self.store.commit(change)
        return [_kept(each, position) for each in accepted]

    async def _commit(self, change: Change, accepted: Accepted) -> Position:
        try:
            return await self.store.commit(change)
        except Unavailable as trouble:
            if trouble.may_be_kept:
                raise AcceptedUnseen(trouble.message, accepted) from trouble
            raise

    def _change(
        self, commands: Sequence[Checked], key: StoredKey | None, by: Caller | None, now: int, lease: Lease | None
    ) -> tuple[list[Accepted], Change]:
        accepted: list[Accepted] = []
        records: list[Record] = []
        recipients: list[StoredRecipient] = []
        begins = False
        for command in commands:
            mail_id = self.ids.block(1 + len(command.recipients))
            event = mail.accept(command, now=now, key_id=key.key.id if key else None, user_id=by and by.user)
            content, bodies = content_of(mail_id, command)
            deliveries = _deliveries(mail_id, event, lease, now)
            accepted.append(Accepted(mail_id, 0, now, content, bodies, deliveries))
            records += (Record(mail_id, 0, event), *_beginnings(deliveries))
            begins = begins or deliveries[0].delivery.is_begun
            recipients += map(StoredRecipient, range(mail_id + 1, mail_id + 1 + event.count), command.recipients)
        return accepted, Change(
            at=now,
            records=records,
            contents=[each.content for each in accepted],
            bodies=together([each.bodies for each in accepted]),
            new_recipients=recipients,
            begins=begins,
            new_deliveries=[stored for each in accepted for stored in each.deliveries],
            expected_keys={key.key.id: key.revision} if key else NOBODY,
            expected_tokens=guard_of(by),
            daily_use=daily_use(key.key.restrictions, key.key.id, len(recipients), now) if key else None,
        )


def _kept(accepted: Accepted, position: Position) -> Accepted:
    return accepted._replace(position=position, kept_at=perf_counter())


def _deliveries(mail_id: int, event: MailAccepted, lease: Lease | None, now: int) -> list[StoredDelivery]:
    if lease and lease.begins:
        return [_begun(mail.born(mail_id, 1, event), lease, now)]
    wake_at, owner = (lease.until, lease.owner) if lease else (event.due_at, 0)
    rest: tuple[Any, ...] = mail.born(mail_id, 1, event)[1:]
    return [
        StoredDelivery(Delivery(delivery_id, *rest), 1, wake_at, owner)
        for delivery_id in range(mail_id + 1, mail_id + 1 + event.count)
    ]


def _begun(first: Delivery, lease: Lease, now: int) -> StoredDelivery:
    """Left to the queue if its time has not come yet."""
    event = delivery.begin(first, now) if first.due_at == now else None
    if not isinstance(event, Begun):
        return StoredDelivery(first, 1, first.due_at, 0)
    return StoredDelivery(delivery.evolve(first, event), 1, lease.until, lease.owner)


def _suppress(accepted: Accepted, change: Change, found: RecipientSuppressed) -> Accepted:
    """Its one delivery is not begun, and nobody has to look at it."""
    (begun,) = accepted.deliveries
    born = begun.delivery._replace(attempt=0, is_begun=False)
    row = StoredDelivery(delivery.evolve(born, found.event), 1, None, 0)
    change.records = [change.records[0], Record(accepted.mail_id, 1, found.event, found.message)]
    change.new_deliveries, change.begins = [row], False
    return accepted._replace(deliveries=[row])


def _beginnings(deliveries: list[StoredDelivery]) -> list[Record]:
    first = deliveries[0].delivery
    return [Record(first.mail_id, 1, Begun(first.attempt))] if first.is_begun else []

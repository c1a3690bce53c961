"""Stop a mail, try it again, decide what is unknown: for all its deliveries, as somebody asks.

A mail may have ten thousand deliveries, and workers are at them meanwhile. So they are changed in pieces, each of them
one commit and a compare-and-set on every row; a delivery that a worker begins first is not touched. The pieces go from
the last recipient to the first, the other way than the workers. The claim is committed with the last piece: if the
process dies before, a repeat finds the key unused and does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from couvert.commands.claims import Claim
from couvert.commands.rows import all_happened, happened
from couvert.domain import intervention as rules
from couvert.domain.delivery import Delivery, DeliveryEvent, State, evolve
from couvert.domain.intervention import UnknownDecision
from couvert.domain.mail import MailAccepted
from couvert.domain.refusals import Conflict, NotFound, NothingToDecide, NothingToStop
from couvert.store.port import Position, Store, StoredDelivery

PIECE: Final = 1_000
"""Deliveries that are changed in one commit: 10 ms, during which nobody else commits."""

Move = tuple[StoredDelivery, DeliveryEvent]
Decide = Callable[[Delivery], DeliveryEvent | None]


class Intervened(NamedTuple):
    mail_id: int
    recipient_count: int
    counts: Mapping[State, int]
    """Of all its deliveries afterwards; the ten states are all there."""
    changed: int
    """How many deliveries were."""
    position: Position


class _Mail(NamedTuple):
    id: int
    accepted: MailAccepted

    @property
    def last(self) -> int:
        return self.id + self.accepted.count


@dataclass(frozen=True, slots=True)
class Interventions:
    store: Store
    now_ms: Callable[[], int]
    wake: Callable[[], None] = lambda: None
    """Tells the worker of this process that deliveries are due."""

    async def cancel(self, mail_id: int, *, claim: Claim | None = None) -> Intervened:
        """Stop what was not begun. Raises `NotFound`, and `NothingToStop` if nothing was left."""
        mail = await self._mail(mail_id)

        def check(changed: int) -> None:
            if not changed:
                raise NothingToStop("Nothing of this mail waits any more: it was begun, or has ended.")

        return await self._decide(mail, rules.cancel, {State.QUEUED}, check, claim)

    async def retry(
        self, mail_id: int, *, unknown: UnknownDecision | None = None, claim: Claim | None = None
    ) -> Intervened:
        """Queue again what failed, and decide what is unknown; there may be nothing of either.

        Raises `NotFound`, and `NothingToDecide` if the mail has expired and so cannot be sent any more.
        """
        mail, now = await self._mail(mail_id), self.now_ms()
        expires_at = mail.accepted.expires_at
        if expires_at is not None and expires_at <= now and unknown != "sent":
            raise NothingToDecide("This mail has expired; none of it is sent any more.")
        states = {State.FAILED, State.UNKNOWN} if unknown else {State.FAILED}
        done = await self._decide(
            mail, lambda delivery: rules.try_again(delivery, now, unknown), states, lambda _: None, claim
        )
        self.wake()
        return done

    async def resolve(self, delivery_id: int, decision: UnknownDecision) -> Position:
        """Decide one unknown delivery. Raises `NotFound`, and `NothingToDecide` if it is not unknown."""
        while True:
            stored = await self.store.delivery(delivery_id)
            if stored is None:
                raise NotFound("There is no such delivery.")
            event = rules.resolve(stored.delivery, self.now_ms(), decision)
            if event is None:
                state = stored.delivery.state
                why = "its mail has expired" if state is State.UNKNOWN else f"it is {state}"
                raise NothingToDecide(f"This delivery needs no decision: {why}.")
            change, _ = happened(stored, [event], at=self.now_ms())
            try:
                position = await self.store.commit(change)
            except Conflict:
                continue
            self.wake()
            return position

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _mail(self, mail_id: int) -> _Mail:
        timeline = await self.store.timeline(mail_id, 0)
        first = timeline[0].logged.event if timeline else None
        if not isinstance(first, MailAccepted):
            raise NotFound("There is no such mail.")
        return _Mail(mail_id, first)

    async def _decide(
        self, mail: _Mail, decide: Decide, states: set[State], check: Callable[[int], None], claim: Claim | None
    ) -> Intervened:
        changed, last, piece, position = 0, mail.last, PIECE, 0
        while last > mail.id:
            first = max(last - piece, mail.id) + 1
            rows = await self.store.deliveries(first=first, last=last, states=states)
            moves = [(row, event) for row in rows if (event := decide(row.delivery)) is not None]
            is_last = first == mail.id + 1
            change = all_happened(moves, at=self.now_ms())
            if is_last:
                check(changed + len(moves))
                done = await self._done(mail, moves, changed)
                change.idempotency = claim.kept(done, at=change.at, mail_id=mail.id) if claim else None
            if moves or change.idempotency:
                try:
                    position = await self.store.commit(change)
                except Conflict:
                    if claim and await self.store.idempotency(claim.scope):
                        raise
                    piece = max(1, piece // 2)
                    continue
            changed, last = changed + len(moves), first - 1
        return done._replace(position=position or await self.store.position())

    async def _done(self, mail: _Mail, moves: Sequence[Move], changed: int) -> Intervened:
        """As it will be once these moves are committed."""
        counts = dict.fromkeys(State, 0)
        counts.update(await self.store.states(first=mail.id + 1, last=mail.last))
        for row, event in moves:
            counts[row.delivery.state] -= 1
            counts[evolve(row.delivery, event).state] += 1
        return Intervened(mail.id, mail.accepted.count, counts, changed + len(moves), 0)

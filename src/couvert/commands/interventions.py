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

from couvert.commands.callers import Caller, guard_of
from couvert.commands.claims import Claim
from couvert.commands.rows import all_happened, happened
from couvert.domain import intervention as rules
from couvert.domain.delivery import Delivery, State, evolve
from couvert.domain.delivery_events import DeliveryEvent
from couvert.domain.intervention import UnknownDecision
from couvert.domain.mail import MailAccepted
from couvert.domain.refusals import Conflict, NotFound, NothingToDecide, NothingToStop
from couvert.store.changes import Change
from couvert.store.log import Position
from couvert.store.port import Store
from couvert.store.rows import StoredDelivery

PIECE: Final = 1_000
"""Deliveries that are changed in one commit: 10 ms, during which nobody else commits."""
TRIES: Final = 16
"""Conflicts in a row: ten halve a piece to one delivery; whoever still meets one has lost its token."""

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
class _Order:
    """What is to become of a mail's deliveries, who says so, and under which key."""

    decide: Decide
    states: frozenset[State]
    """Those it is about."""
    by: Caller | None
    claim: Claim | None
    must_change: bool = False

    def close(self, done: Intervened, change: Change) -> None:
        """With the last piece, all is known that is answered."""
        if self.must_change and not done.changed:
            raise NothingToStop("Nothing of this mail waits any more: it was begun, or has ended.")
        change.idempotency = self.claim.kept(done, at=change.at, mail_id=done.mail_id) if self.claim else None


@dataclass(frozen=True, slots=True)
class Interventions:
    store: Store
    now_ms: Callable[[], int]
    wake: Callable[[], None] = lambda: None
    """Tells the worker of this process that deliveries are due."""

    async def cancel(self, mail_id: int, *, by: Caller | None = None, claim: Claim | None = None) -> Intervened:
        """Stop what was not begun. Raises `NotFound`, and `NothingToStop` if nothing was left."""
        order = _Order(rules.cancel, frozenset({State.QUEUED}), by, claim, must_change=True)
        return await self._carry_out(order, await self._mail(mail_id))

    async def retry(
        self,
        mail_id: int,
        *,
        unknown: UnknownDecision | None = None,
        suppressed: bool = False,
        by: Caller | None = None,
        claim: Claim | None = None,
    ) -> Intervened:
        """Queue again what failed and, if asked, what was suppressed; decide what is unknown. There may be nothing.

        Raises `NotFound`, and `NothingToDecide` if the mail has expired and so cannot be sent any more.
        """
        mail, now = await self._mail(mail_id), self.now_ms()
        expires_at = mail.accepted.expires_at
        if expires_at is not None and expires_at <= now and unknown != "sent":
            raise NothingToDecide("This mail has expired; none of it is sent any more.")
        also = {State.UNKNOWN: unknown is not None, State.SUPPRESSED: suppressed}
        states = {State.FAILED, *(state for state, is_asked in also.items() if is_asked)}
        order = _Order(
            lambda delivery: rules.try_again(delivery, now, unknown, suppressed=suppressed),
            frozenset(states),
            by,
            claim,
        )
        done = await self._carry_out(order, mail)
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

    async def _carry_out(self, order: _Order, mail: _Mail) -> Intervened:
        """Piece by piece; a conflict halves the next one, so that beside busy workers there is an end to it."""
        changed, last, length, conflicts = 0, mail.last, PIECE, 0
        while True:
            first = max(last - length, mail.id) + 1
            moves = await self._moves(order, first, last)
            change = all_happened(moves, at=self.now_ms())
            change.expected_tokens = guard_of(order.by)
            done = await self._done(mail, moves, changed) if first == mail.id + 1 else None
            if done is not None:
                order.close(done, change)
            try:
                position = await self._commit(change)
            except Conflict:
                conflicts += 1
                if conflicts == TRIES or (order.claim and await self.store.idempotency(order.claim.scope)):
                    raise
                length = max(1, length // 2)
                continue
            if done is not None:
                return done._replace(position=position)
            changed, last, conflicts = changed + len(moves), first - 1, 0

    async def _moves(self, order: _Order, first: int, last: int) -> list[Move]:
        rows = await self.store.deliveries(first=first, last=last, states=order.states)
        return [(row, event) for row in rows if (event := order.decide(row.delivery)) is not None]

    async def _commit(self, change: Change) -> Position:
        if change.records or change.idempotency:
            return await self.store.commit(change)
        return await self.store.position()

    async def _done(self, mail: _Mail, moves: Sequence[Move], changed: int) -> Intervened:
        """As it will be once these moves are committed."""
        counts = dict.fromkeys(State, 0)
        counts.update(await self.store.states(first=mail.id + 1, last=mail.last))
        for row, event in moves:
            counts[row.delivery.state] -= 1
            counts[evolve(row.delivery, event).state] += 1
        return Intervened(mail.id, mail.accepted.count, counts, changed + len(moves), 0)

"""The way to the provider: its gate, its pace, and what it says of itself on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from couvert.delivery.transport import (
    Channel,
    Clearance,
    Held,
    Message,
    Outcome,
    Refused,
    Taken,
    Throttled,
    Transport,
    TryLater,
    Unknown,
    Withheld,
)  # fmt: skip
from couvert.workers.block import Slot
from couvert.workers.gate import Gate
from couvert.workers.hand_overs import HandOvers
from couvert.workers.leases import clock
from couvert.workers.pace import Pacer
from couvert.workers.senders import Senders

log = structlog.get_logger()


class Passage:
    def __init__(self, transport: Transport, pacer: Pacer | None, wanted: asyncio.Event) -> None:
        """`wanted` is set when a trial succeeds: then there is more to take than the one that was tried."""
        self.transport = transport
        self.pacer = pacer
        self.gate = Gate(transport)
        self.senders = Senders()
        self.hand_overs = HandOvers(transport.name)
        self.is_stopping = False
        """Nobody sets out any more."""
        self._wanted = wanted

    @property
    def trouble(self) -> str | None:
        """Why nothing is handed over at the moment, None if all is well."""
        return self.gate.trouble or (self.pacer.trouble if self.pacer is not None else None)

    @property
    def takes_more(self) -> bool:
        """Otherwise mails are best left to the queue."""
        return not (self.is_stopping or self.gate.is_on_trial or self.trouble is not None)

    def put_back(self, slot: Slot | None) -> None:
        """Whatever became of what it was for; if nothing was handed over in it, another may be."""
        if slot is not None and self.pacer is not None:
            self.pacer.put_back(slot)

    def start(self, *, may_try: bool) -> None:
        """With `may_try`, what is held is tried with one delivery."""
        self.is_stopping = False
        self.gate.try_again(is_for_trial=may_try)
        if self.pacer is not None:
            self.pacer.start()

    def stop(self) -> None:
        self.is_stopping = True
        if self.pacer is not None:
            self.pacer.stop()

    async def rest(self) -> None:
        """Once stopped: nothing stays open."""
        if self.pacer is not None:
            await self.pacer.rest()
        await self.transport.rest()

    async def cross(self, channel: Channel, message: Message, clearance: Clearance, slot: Slot | None) -> Outcome:
        """Hand over what is begun, when its slot comes. Nothing is raised: whatever happened is an outcome."""
        if slot is not None and self.pacer is not None and not await self.pacer.come(slot):
            channel.release()
            return Withheld("no slot came for it")
        began = clock()
        try:
            outcome = await channel.hand_over(message, clearance)
        except Exception as error:
            log.exception("courier.transport_stumbled", delivery=message.delivery_id)
            outcome = Unknown(f"the transport stumbled: {error!r}")
        if self.pacer is None and isinstance(outcome, Throttled):
            # Nobody's pace can be lowered: each delivery steps back for itself, further each time.
            outcome = TryLater(outcome.reason, outcome.after_seconds)
        self.hand_overs.ended(message, outcome, clock() - began)
        if isinstance(outcome, Held) and outcome.is_of_sender:
            self.senders.hold(message.sender, outcome.reason)
        elif isinstance(outcome, Taken):
            self.senders.was_taken(message.sender)
        self._heed(outcome)
        return replace(outcome, pause_seconds=self.gate.next_hold_seconds) if isinstance(outcome, Held) else outcome

    def _heed(self, outcome: Outcome) -> None:
        """What the provider said of itself, rather than of the message."""
        if isinstance(outcome, Held):
            self.gate.hold(outcome.reason, is_of_sender=outcome.is_of_sender)
            if self.pacer is not None:
                self.pacer.limits.held(outcome.reason)
        elif isinstance(outcome, Throttled):
            if self.pacer is not None:
                self.pacer.limits.throttled()
        elif _is_judged(outcome) and (self.gate.is_on_trial or not self.gate.is_held):
            # What was under way when the provider began to take nothing says nothing of now.
            if self.pacer is not None:
                self.pacer.limits.held(None)
            if self.gate.is_on_trial:
                self.gate.passed_through()
                self._wanted.set()


def _is_judged(outcome: Outcome) -> bool:
    """The provider looked at the message itself. A connection that broke proves nothing of what it takes."""
    return isinstance(outcome, Taken) or (isinstance(outcome, Refused) and outcome.was_asked)

"""Messages of the bulk queue become mails, each of them once; who received them, and how, is not known here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

import structlog

from couvert.commands.accept import AcceptMails
from couvert.commands.again import again
from couvert.commands.claims import Claim
from couvert.commands.idempotency import IdempotencyKeys
from couvert.domain import ids
from couvert.domain.mail import AcceptMail
from couvert.domain.refusals import RuleBroken, Unavailable
from couvert.store.changes import Change
from couvert.store.messages import Echo, MalformedMessage, ResultDue
from couvert.store.port import Store
from couvert.tallies import Tally

OURS: Final = "couvert-delivery-id"
"""The attribute of the messages that couvert puts there itself: its delivery."""
WINDOW_MS: Final = 14 * 24 * 3_600_000
"""How long a message is the same one; SQS keeps none longer."""

log = structlog.get_logger()


class QueueMessage(NamedTuple):
    id: str
    """As the queue named it when it was put there."""
    body: str
    attributes: Mapping[str, str] = {}
    """Those that are text."""


# --- What becomes of a message ----------------------------------------------------------------------------------------


class Accepted(NamedTuple):
    """It is a mail now, committed. Delete it."""

    delivery_id: int


class Known(NamedTuple):
    """It came before; its result is told again. Delete it."""

    delivery_id: int


class Malformed(NamedTuple):
    """It is kept, and so is its failure. Delete it."""

    fault: str


class Ours(NamedTuple):
    """About a delivery that exists already. Whoever can hand over takes it over; then delete it."""

    delivery_id: int


class NotNow(NamedTuple):
    """Perhaps nothing was kept. Leave it in the queue: it comes again."""

    why: str


Fate = Accepted | Known | Malformed | Ours | NotNow
_NAMES: Final[dict[type[Fate], str]] = {
    Accepted: "accepted", Known: "known", Malformed: "malformed", Ours: "ours", NotNow: "not_now",
}  # fmt: skip


# --- What a door makes of a body --------------------------------------------------------------------------------------


class Read(NamedTuple):
    command: AcceptMail
    echo: Echo
    is_named: bool
    """It says who it is: two with the same body are one. Otherwise the queue's name for it decides."""


class Unreadable(Exception):
    """No mail can be made of it; with what could be read of it all the same."""

    def __init__(self, fault: str, echo: Echo) -> None:
        super().__init__(fault)
        self.echo = echo


@dataclass(frozen=True, slots=True)
class TakeMessages:
    store: Store
    mails: AcceptMails
    now_ms: Callable[[], int]
    read: Callable[[str], Read]
    """Raises `Unreadable`."""
    seen: IdempotencyKeys
    tells_results: bool
    """Somebody publishes results."""
    wake: Callable[[], None] = lambda: None
    """Tells the worker of this process that deliveries are due."""
    fates: Tally = field(default_factory=Tally)
    """By name."""

    async def take(self, messages: Sequence[QueueMessage]) -> list[Fate]:
        """What became of each, in their order; committed when it returns. It raises nothing."""
        fates = await asyncio.gather(*map(self._fate, messages))
        self.fates.update((_NAMES[type(fate)],) for fate in fates)
        if any(isinstance(fate, Accepted) for fate in fates):
            self.wake()
        return list(fates)

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _fate(self, message: QueueMessage) -> Fate:
        try:
            if OURS in message.attributes:
                return await self._ours(message)
            return await self._mail(message)
        except Unavailable as trouble:
            return NotNow(trouble.message)
        except Exception:
            # One that we stumble over must not keep its batch; the queue's own rules say how often it comes again.
            log.exception("queue.stumbled", message=message.id)
            return NotNow("couvert stumbled over it, and its log says how")

    async def _ours(self, message: QueueMessage) -> Fate:
        delivery_id = ids.decode("dlv", message.attributes[OURS])
        if delivery_id is None:
            return await self._malformed(message, f"{OURS} is no delivery's id.", Echo())
        if await self.store.delivery(delivery_id) is None:
            return await self._malformed(message, f"{OURS} names a delivery that is not in this database.", Echo())
        return Ours(delivery_id)

    async def _mail(self, message: QueueMessage) -> Fate:
        try:
            read = self.read(message.body)
        except Unreadable as fault:
            return await self._malformed(message, str(fault), fault.echo)
        try:
            return await again(lambda: self._accepted(message, read))
        except RuleBroken as refusal:
            return await self._malformed(message, refusal.message, read.echo)

    async def _accepted(self, message: QueueMessage, read: Read) -> Fate:
        claim = _claim_of(message, read)
        earlier = await self.seen.earlier(claim)
        if earlier is not None:
            return await self._known(earlier.mail_id + 1)
        accepted = await self.mails.accept(read.command, key=None, claim=claim)
        return Accepted(accepted.deliveries[0].delivery.id)

    async def _known(self, delivery_id: int) -> Fate:
        if self.tells_results:
            await self.store.commit(Change(at=self.now_ms(), results_due=[ResultDue(delivery_id)]))
        return Known(delivery_id)

    async def _malformed(self, message: QueueMessage, fault: str, echo: Echo) -> Fate:
        """Judged anew whenever it comes: a newer couvert may read it, and it may come from the dead-letter queue."""
        now = self.now_ms()
        kept = MalformedMessage(message.id, now, message.body, fault, echo)
        due = [ResultDue(message_id=message.id)] if self.tells_results else []
        await self.store.commit(Change(at=now, malformed=[kept], results_due=due))
        log.warning("queue.malformed", message=message.id, fault=fault)
        return Malformed(fault)


def _claim_of(message: QueueMessage, read: Read) -> Claim:
    """As with an Idempotency-Key, which it is: committed with the mail, and refused the second time."""
    name = f"body\n{message.body}" if read.is_named else f"id\n{message.id}"
    return Claim(sha256(b"queue message " + name.encode("utf-8", "surrogatepass")).digest(), b"queue message")

"""How notices come in: whoever brings one hears that it is kept, and it is read afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import structlog

from couvert.delivery.sns import Signatures
from couvert.domain import sns
from couvert.domain.refusals import NotFromProvider, RuleBroken
from couvert.domain.sns import Untrusted
from couvert.store.changes import Change
from couvert.store.notices import RawNotice, Source
from couvert.store.port import Store

LONGEST_REASON: Final = 200
"""Characters of it in the log: it may quote what anybody sent."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TakeNotices:
    store: Store
    now_ms: Callable[[], int]
    signatures: Signatures
    topics: Collection[str]
    """ARNs of the topics that may bring notices over HTTPS."""
    wake: Callable[[], None] = lambda: None
    """Tells the reader of this process that there is something to read."""

    async def keep(self, source: Source, bodies: Iterable[bytes]) -> list[bytes]:
        """Their digests; those that are there already are not kept again. Raises `Unavailable`."""
        now = self.now_ms()
        notices = [RawNotice(source, now, digest_of(body), body) for body in bodies]
        await self.store.commit(Change(at=now, notices=notices))
        self.wake()
        return [notice.digest for notice in notices]

    async def from_sns(self, body: bytes) -> None:
        """Signed by Amazon SNS for one of our topics, and kept. Raises `RuleBroken`, `NotFromProvider`, `Unavailable`.

        A topic that we know and that asks whether we want its messages is told so; its question is kept with them.
        """
        envelope = sns.envelope_or_none(body)
        if envelope is None:
            raise RuleBroken("The body must be a message of Amazon SNS, with raw message delivery switched off.")
        try:
            self._check_topic(envelope)
            await self.signatures.verify(envelope, self.now_ms())
            if envelope["Type"] == sns.SUBSCRIPTION:
                await self.signatures.confirm(envelope)
                log.info("notices.subscribed", topic=envelope["TopicArn"])
        except Untrusted as fault:
            log.warning("notices.not_believed", reason=str(fault)[:LONGEST_REASON])
            raise NotFromProvider(f"This message is not believed: {fault}.") from None
        await self.keep(Source.SNS, [body])

    def _check_topic(self, envelope: sns.Envelope) -> None:
        if str(envelope["TopicArn"]) not in self.topics:
            raise Untrusted("its TopicArn is not among COUVERT_SES_TOPICS")


def digest_of(body: bytes) -> bytes:
    """Of what it says: the same for a notice that comes twice, or by two doors."""
    return sha256(sns.essence(body)).digest()

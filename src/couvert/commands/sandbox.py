"""The sandbox's mailroom: what it takes is kept in the vault, what it reports is a provider's notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from couvert.commands.notices import NoticeEvent, Notices
from couvert.delivery.mailroom import NoticeKind
from couvert.delivery.transport import Message
from couvert.domain.delivery import Bounced, Complained, Delivered
from couvert.domain.refusals import Conflict
from couvert.store.port import Change, SandboxMail, Store


@dataclass(frozen=True, slots=True)
class SandboxMailroom:
    store: Store
    notices: Notices
    now_ms: Callable[[], int]

    async def keep(self, message: Message) -> None:
        now = self.now_ms()
        mail = SandboxMail(message.delivery_id, message.attempt, now, message.content)
        try:
            await self.store.commit(Change(at=now, sandbox_mail=mail))
        except Conflict:
            return  # the same attempt's mail is there already

    async def report(self, message: Message, kind: NoticeKind, words: str) -> None:
        await self.notices.record(message.delivery_id, _event(kind, message.attempt), words)


def _event(kind: NoticeKind, attempt: int) -> NoticeEvent:
    match kind:
        case "delivered":
            return Delivered(attempt)
        case "bounced":
            return Bounced(attempt, "hard")
        case "complained":
            return Complained(attempt)

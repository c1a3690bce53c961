"""The sandbox's mailroom: what it takes is kept in the vault, what it reports is a provider's notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from couvert.commands.notices import Notices
from couvert.delivery.mailroom import NoticeKind
from couvert.delivery.transport import Message
from couvert.domain.delivery_events import Bounced, Complained, Delivered
from couvert.domain.notice_statements import NoticeEvent
from couvert.domain.refusals import Conflict, Unavailable
from couvert.store.changes import Change
from couvert.store.port import Store
from couvert.store.rows import SandboxMail

IN_DOUBT_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class SandboxMailroom:
    store: Store
    notices: Notices
    now_ms: Callable[[], int]

    async def keep(self, message: Message) -> None:
        now = self.now_ms()
        change = Change(at=now, sandbox_mail=SandboxMail(message.delivery_id, message.attempt, now, message.content))
        in_doubt = False
        while True:
            try:
                await self.store.commit(change)
                return
            except Conflict:
                return  # the same attempt's mail is there already
            except Unavailable as trouble:
                in_doubt = in_doubt or trouble.may_be_kept
                if not in_doubt:
                    raise
            # A mail that may be there may not be sent again: ask until the store knows.
            await asyncio.sleep(IN_DOUBT_SECONDS)

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

"""Where the sandbox keeps mail and reports what became of it: its port to the rest of couvert."""

from __future__ import annotations

from typing import Literal, Protocol

from couvert.delivery.transport import Message

NoticeKind = Literal["delivered", "bounced", "complained"]


class Mailroom(Protocol):
    async def keep(self, message: Message) -> None:
        """Keep the message to be looked at; raise if it cannot be kept."""

    async def report(self, message: Message, kind: NoticeKind, words: str) -> None:
        """Say what a provider's notice would say, once the hand-over has begun."""

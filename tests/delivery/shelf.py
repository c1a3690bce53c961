"""A mailroom that keeps what the sandbox took where a test can look at it."""

from couvert.delivery.mailroom import NoticeKind
from couvert.delivery.transport import Message


class Shelf:
    def __init__(self) -> None:
        self.kept: list[Message] = []
        self.reports: list[tuple[str, NoticeKind, str]] = []
        self.is_full = False

    async def keep(self, message: Message) -> None:
        if self.is_full:
            raise OSError("no room")
        self.kept.append(message)

    async def report(self, message: Message, kind: NoticeKind, words: str) -> None:
        self.reports.append((message.recipient, kind, words))

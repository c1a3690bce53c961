"""Makes each recipient's message of a mail's content: what recipients share is read, compiled and written once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Generic, NamedTuple, TypeVar

import idna

from couvert.delivery.mime import Mailbox, Outline
from couvert.delivery.text import text_of
from couvert.delivery.transport import Message
from couvert.domain import ids
from couvert.domain.delivery import Delivery
from couvert.domain.mail import Recipient
from couvert.domain.personalise import common_values, values
from couvert.domain.template import Template, compile_template
from couvert.store.port import Content, Store

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAILS: Final = 512
BODIES: Final = 128  # of up to 5 MB each in the worst case, of 3 kB as a rule


class _Body(NamedTuple):
    """An HTML body and the text derived from it, or a text body alone."""

    html: Template | None
    text: Template


class _Letter(NamedTuple):
    """One mail, ready to be personalised."""

    outline: Outline
    subject: Template
    html: Template | None
    text: Template | None
    common: dict[str, str]
    sender: str


class Letters:
    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._contents: _Recent[int, Content] = _Recent(MAILS)
        self._letters: _Recent[int, _Letter] = _Recent(MAILS)
        self._bodies: _Recent[bytes, _Body] = _Recent(BODIES)

    def remember(self, content: Content) -> None:
        """Spare the store a question: this mail was accepted a moment ago."""
        self._contents[content.mail_id] = content

    async def message(self, delivery: Delivery, recipient: Recipient) -> Message:
        """The next attempt's message. Raises `Unavailable`, or another error for a mail that cannot be built at all."""
        letter = self._letters.get(delivery.mail_id) or await self._letter(delivery.mail_id)
        filled = values(letter.common, recipient)
        address = to_ascii(recipient.email)
        content = letter.outline.build(
            message_id=message_id(delivery.id, letter.sender),
            date=datetime.fromtimestamp(self._now_ms() / 1000, UTC),
            recipient=Mailbox(address, recipient.name),
            subject=letter.subject.render(filled),
            html=letter.html.render_html(filled) if letter.html else None,
            text=letter.text.render(filled) if letter.text else None,
        )
        return Message(delivery.id, delivery.attempt + 1, letter.sender, address, content)

    async def _letter(self, mail_id: int) -> _Letter:
        content = self._contents.get(mail_id) or await self._store.content(mail_id)
        if content is None:
            raise LookupError("the mail's content is gone")
        html = await self._body(content.html, is_html=True) if content.html else None
        text = await self._body(content.text, is_html=False) if content.text else html
        sender = to_ascii(content.sender.email)
        letter = _Letter(
            outline=_outline(sender, content.sender.name, content.reply_to),
            subject=compile_template(content.subject),
            html=html and html.html,
            text=text and text.text,
            common=common_values(content.sender, content.variables),
            sender=sender,
        )
        self._letters[mail_id] = letter
        return letter

    async def _body(self, sha256: bytes, *, is_html: bool) -> _Body:
        known = self._bodies.get(sha256)
        if known is not None and (known.html is not None) == is_html:
            return known
        source = await self._store.body(sha256)
        if source is None:
            raise LookupError("the mail's body is gone")
        body = (
            _Body(compile_template(source), compile_template(text_of(source)))
            if is_html
            else _Body(None, compile_template(source))
        )
        self._bodies[sha256] = body
        return body


def message_id(delivery_id: int, sender: str) -> str:
    """The same for every attempt, so that a receiver who got two can tell."""
    return f"<{ids.encode('dlv', delivery_id)}@{sender.rpartition('@')[2]}>"


@lru_cache(maxsize=4_096)
def to_ascii(address: str) -> str:
    """The address with its domain as DNS has it; a local part outside ASCII stays."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


@lru_cache(maxsize=256)
def _outline(sender: str, name: str | None, reply_to: str | None) -> Outline:
    return Outline(Mailbox(sender, name), reply_to=Mailbox(reply_to) if reply_to else None)


class _Recent(OrderedDict[K, V], Generic[K, V]):
    """A dictionary that forgets what was put there longest ago."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self._most:
            self.popitem(last=False)

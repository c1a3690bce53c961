"""Makes each recipient's message of a mail's content: what recipients share is read, compiled and written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import idna

from couvert.delivery.mime import Mailbox, Outline
from couvert.delivery.recent import Recent
from couvert.delivery.text import text_of
from couvert.delivery.transport import Message
from couvert.domain import ids
from couvert.domain.attachments import Attachment
from couvert.domain.delivery import Delivery
from couvert.domain.mail import Recipient
from couvert.domain.personalise import common_values, values
from couvert.domain.template import Template, compile_template
from couvert.store.port import Store
from couvert.store.rows import Content, StoredAttachment

CACHED: Final = 8_000_000
"""Characters in each of the caches: 2,000 templates of 3 kB, or one of 5 MB."""
LADEN: Final = 80_000_000
"""Bytes in the cache of letters with attachments: two of the largest, encoded once for all their recipients."""
OVERHEAD: Final = 1_000


class _Body(NamedTuple):
    """An HTML body and the text derived from it, or a text body alone."""

    html: Template | None
    text: Template

    def weight(self) -> int:
        return OVERHEAD + _length(self.html) + _length(self.text)


class _Letter(NamedTuple):
    """One mail, ready to be personalised."""

    outline: Outline
    subject: Template
    html: Template | None
    text: Template | None
    common: dict[str, str]
    sender: str

    def weight(self) -> int:
        return OVERHEAD + _length(self.html) + _length(self.text) + self.outline.weight


class _HandedIn(NamedTuple):
    content: Content
    bodies: Mapping[bytes, str | bytes]

    def weight(self) -> int:
        return OVERHEAD + sum(map(len, self.bodies.values()))


class Letters:
    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._handed_in: Recent[int, _HandedIn] = Recent(CACHED, _HandedIn.weight)
        self._letters: Recent[int, _Letter] = Recent(CACHED, _Letter.weight)
        self._laden: Recent[int, _Letter] = Recent(LADEN, _Letter.weight)
        self._bodies: Recent[bytes, _Body] = Recent(CACHED, _Body.weight)

    def remember(self, content: Content, bodies: Mapping[bytes, str | bytes]) -> None:
        """Spare the store three questions: this mail was accepted a moment ago, for one recipient."""
        self._handed_in.put(content.mail_id, _HandedIn(content, bodies))

    async def message(self, delivery: Delivery, recipient: Recipient, *, at: int | None = None) -> Message:
        """The message of the attempt that is begun, or of the next one, dated now or `at` another time.

        Raises `Unavailable`, or another error for a mail that cannot be built at all.
        """
        known = self._letters.get(delivery.mail_id) or self._laden.get(delivery.mail_id)
        letter = known or await self._letter(delivery.mail_id)
        filled = values(letter.common, recipient)
        address = to_ascii(recipient.email)
        own_id = message_id(delivery.id, letter.sender)
        content = letter.outline.build(
            message_id=own_id,
            date=datetime.fromtimestamp((at or self._now_ms()) // 1000, UTC),
            recipient=Mailbox(address, recipient.name),
            subject=letter.subject.render(filled),
            html=letter.html.render_html(filled) if letter.html else None,
            text=letter.text.render(filled) if letter.text else None,
        )
        attempt = delivery.attempt if delivery.is_begun else delivery.attempt + 1
        return Message(delivery.id, attempt, letter.sender, address, content, own_id)

    async def _letter(self, mail_id: int) -> _Letter:
        handed_in = self._handed_in.pop(mail_id)
        if handed_in is not None:
            return await self._composed(handed_in.content, handed_in.bodies)
        content = await self._store.content(mail_id)
        if content is None:
            raise LookupError("the mail's content is gone")
        letter = await self._composed(content, {})
        (self._laden if content.attachments else self._letters).put(mail_id, letter)
        return letter

    async def _composed(self, content: Content, bodies: Mapping[bytes, str | bytes]) -> _Letter:
        html = await self._body(content.html, bodies, is_html=True) if content.html else None
        text = await self._body(content.text, bodies, is_html=False) if content.text else html
        sender = to_ascii(content.sender.email)
        return _Letter(
            outline=await self._outline(sender, content, bodies),
            subject=compile_template(content.subject),
            html=html and html.html,
            text=text and text.text,
            common=common_values(content.sender, content.variables),
            sender=sender,
        )

    async def _outline(self, sender: str, content: Content, bodies: Mapping[bytes, str | bytes]) -> Outline:
        if not content.headers and not content.attachments:
            return _outline(sender, content.sender.name, content.reply_to)
        return Outline(
            Mailbox(sender, content.sender.name),
            reply_to=Mailbox(content.reply_to) if content.reply_to else None,
            headers=tuple(content.headers.items()),
            attachments=[await self._attachment(each, bodies) for each in content.attachments],
        )

    async def _attachment(self, stored: StoredAttachment, bodies: Mapping[bytes, str | bytes]) -> Attachment:
        content = bodies.get(stored.sha256)
        if content is None:
            content = await self._store.attachment(stored.sha256)
        if content is None:
            raise LookupError("an attachment of the mail is gone")
        content = content.encode() if isinstance(content, str) else content
        return Attachment(stored.filename, stored.content_type, content, stored.content_id)

    async def _body(self, sha256: bytes, bodies: Mapping[bytes, str | bytes], *, is_html: bool) -> _Body:
        known = self._bodies.get(sha256)
        if known is not None and (known.html is not None) == is_html:
            return known
        source = bodies.get(sha256) or await self._store.body(sha256)
        if source is None:
            raise LookupError("the mail's body is gone")
        if isinstance(source, bytes):  # an attachment of the same mail says the same
            source = source.decode()
        html = compile_template(source) if is_html else None
        body = _Body(html, compile_template(text_of(source) if is_html else source))
        self._bodies.put(sha256, body)
        return body


def message_id(delivery_id: int, sender: str) -> str:
    """The same for every attempt, so that a receiver who got two can tell."""
    return f"<{ids.encode('dlv', delivery_id)}@{sender.rpartition('@')[2]}>"


def _length(template: Template | None) -> int:
    return sum(map(len, template.parts)) if template else 0


@lru_cache(maxsize=4_096)
def to_ascii(address: str) -> str:
    """The address with its domain as DNS has it; a local part outside ASCII stays."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


@lru_cache(maxsize=32)
def _outline(sender: str, name: str | None, reply_to: str | None) -> Outline:
    return Outline(Mailbox(sender, name), reply_to=Mailbox(reply_to) if reply_to else None)

"""A mail as the bytes a provider is handed (RFC 5322): what its recipients share is written once, the rest for each.

By hand, because every mail passes here and the standard library takes fifty times as long (`bench/mime.py`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime

from couvert.delivery.mime_files import file_part
from couvert.delivery.mime_headers import (
    HeaderInjection,
    Mailbox,
    checked,
    date_header,
    mailbox_header,
    message_id_header,
    text_header,
)
from couvert.delivery.mime_parts import alternative, mixed, related, text_part
from couvert.domain import headers as rules
from couvert.domain.attachments import Attachment

__all__ = ["HeaderInjection", "Mailbox", "Outline", "build_message"]

_REMEMBERED = 256_000  # characters: an outline outlives its mail, and bodies may have 5 MB


class Outline:
    """A mail before it has a recipient: its fixed headers, checked and written once.

    A subject, HTML or text equal to the last recipient's is not encoded again, so a caller need not know which of them
    hold placeholders.
    """

    __slots__ = ("_files", "_fixed", "_html", "_inline", "_subject", "_text")

    def __init__(
        self,
        sender: Mailbox,
        *,
        reply_to: Mailbox | None = None,
        headers: Sequence[tuple[str, str]] = (),
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """Raise `HeaderInjection` or another `ValueError`, naming the header, for what cannot be sent."""
        lines = [mailbox_header("From", sender)]
        if reply_to is not None:
            lines.append(mailbox_header("Reply-To", reply_to))
        lines += [_custom_header(name, value) for name, value in headers]
        self._fixed = b"".join([*lines, b"MIME-Version: 1.0\r\n"])
        self._inline = [file_part(each, is_inline=True) for each in attachments if each.content_id is not None]
        self._files = [file_part(each, is_inline=False) for each in attachments if each.content_id is None]
        self._subject = _Remembering(lambda value: text_header("Subject", value))
        self._text = _Remembering(lambda content: text_part("text/plain", content))
        self._html = _Remembering(lambda content: text_part("text/html", content))

    def build(
        self,
        *,
        message_id: str,
        date: datetime,
        recipient: Mailbox,
        subject: str,
        html: str | None,
        text: str | None,
    ) -> bytes:
        """The message for one recipient: CRLF line ends, ASCII but for addresses that are not, equal for equal input.

        Line ends in `html` and `text` become CRLF, and both end with one. Raise `HeaderInjection` or another
        `ValueError`, naming the header or part, for what cannot be sent.
        """
        return b"".join(
            (
                message_id_header(message_id),
                date_header(date),
                mailbox_header("To", recipient),
                self._subject(subject),
                self._fixed,
                self._body(message_id, html, text),
            )
        )

    @property
    def weight(self) -> int:
        """Of its attachments as they are sent, in bytes."""
        return sum(map(len, self._inline)) + sum(map(len, self._files))

    def _body(self, message_id: str, html: str | None, text: str | None) -> bytes:
        number = zlib.crc32(message_id.encode())
        parts = [self._text(text)] if text is not None else []
        files = self._files
        if html is None:
            files = self._inline + files  # nothing shows them
        elif self._inline:
            parts.append(related(number, self._html(html), *self._inline))
        else:
            parts.append(self._html(html))
        if not parts:
            raise ValueError("a message needs HTML or a text")
        body = parts[0] if len(parts) == 1 else alternative(number, *parts)
        return mixed(number, body, *files) if files else body


def build_message(
    *,
    message_id: str,
    date: datetime,
    sender: Mailbox,
    recipient: Mailbox,
    subject: str,
    html: str | None,
    text: str | None,
    reply_to: Mailbox | None = None,
    headers: Sequence[tuple[str, str]] = (),
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """One message on its own; for many recipients of one mail keep its `Outline`."""
    outline = Outline(sender, reply_to=reply_to, headers=headers, attachments=attachments)
    return outline.build(message_id=message_id, date=date, recipient=recipient, subject=subject, html=html, text=text)


class _Remembering:
    """A function of a text that knows its last answer."""

    __slots__ = ("_encode", "_last")

    def __init__(self, encode: Callable[[str], bytes]) -> None:
        self._encode = encode
        self._last: tuple[str | None, bytes] = (None, b"")

    def __call__(self, text: str) -> bytes:
        asked, answer = self._last
        if asked != text:
            answer = self._encode(text)
            if len(text) <= _REMEMBERED:
                self._last = (text, answer)
        return answer


def _custom_header(name: str, value: str) -> bytes:
    checked("The name of a header", name)
    fault = rules.name_fault(name)
    if fault is not None:
        raise ValueError(f"{name[:70]!r} {fault}")
    return text_header(name, value)

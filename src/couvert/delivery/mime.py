"""A mail as the bytes a provider is handed (RFC 5322): what its recipients share is written once, the rest for each.

By hand, because every mail passes here and the standard library takes fifty times as long (`bench/mime.py`).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime

from couvert.delivery.mime_headers import (
    HeaderInjection,
    Mailbox,
    checked,
    date_header,
    mailbox_header,
    message_id_header,
    text_header,
)
from couvert.delivery.mime_parts import alternative, text_part

__all__ = ["HeaderInjection", "Mailbox", "Outline", "build_message"]

_HEADER_NAME = re.compile(r"[!-9;-~]{1,70}")
_WRITTEN_HERE = {"message-id", "date", "from", "to", "subject", "reply-to", "mime-version"}
_REMEMBERED = 256_000  # characters: an outline outlives its mail, and bodies may have 5 MB
_NAMING_OTHERS = {"sender", "cc", "bcc", "return-path", "received"}


class Outline:
    """A mail before it has a recipient: its fixed headers, checked and written once.

    A subject, HTML or text equal to the last recipient's is not encoded again, so a caller need not know which of them
    hold placeholders.
    """

    __slots__ = ("_fixed", "_html", "_subject", "_text")

    def __init__(
        self, sender: Mailbox, *, reply_to: Mailbox | None = None, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Raise `HeaderInjection` or another `ValueError`, naming the header, for what cannot be sent."""
        lines = [mailbox_header("From", sender)]
        if reply_to is not None:
            lines.append(mailbox_header("Reply-To", reply_to))
        lines += [_custom_header(name, value) for name, value in headers]
        self._fixed = b"".join([*lines, b"MIME-Version: 1.0\r\n"])
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

    def _body(self, message_id: str, html: str | None, text: str | None) -> bytes:
        given = (self._text, text), (self._html, html)
        parts = [encode(content) for encode, content in given if content is not None]
        if not parts:
            raise ValueError("a message needs HTML or a text")
        return parts[0] if len(parts) == 1 else alternative(zlib.crc32(message_id.encode()), *parts)


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
) -> bytes:
    """One message on its own; for many recipients of one mail keep its `Outline`."""
    outline = Outline(sender, reply_to=reply_to, headers=headers)
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
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name[:70]!r} cannot be the name of a header")
    if name.lower() in _WRITTEN_HERE | _NAMING_OTHERS or name.lower().startswith(("content-", "resent-")):
        raise ValueError(f"{name}: this header is not for a mail to set")
    return text_header(name, value)

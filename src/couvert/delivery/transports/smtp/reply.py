"""What a relay answers, read from the bytes of a connection as they come, however they are cut into packets."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_REPLY = 32_768
"""Bytes a relay may send for one reply; the longest honest ones, to EHLO, have a few hundred."""
MAX_QUOTED = 500
"""Characters of a reply that are kept in a reason."""
NOT_SMTP = 0
"""The code of what is no reply at all: whoever judges replies finds it to be neither yes nor no."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Reply(NamedTuple):
    """A code, and the text of all lines, joined by line feeds."""

    code: int
    text: bytes

    def __str__(self) -> str:
        return f"{self.code} {self.words}".strip() if self.code else f"something that is not SMTP: {self.words}"

    @property
    def words(self) -> str:
        """The text on one line, fit for a log and for a person's eyes."""
        text = self.text.decode("utf-8", "replace")[:MAX_QUOTED]
        return (text if text.isprintable() else _UNPRINTABLE.sub(" ", text)).strip()


class ReplyReader:
    """Bytes go in as they arrive, whole replies come out in order."""

    __slots__ = ("_lines", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    @property
    def is_amid(self) -> bool:
        """Whether a reply has begun and not ended."""
        return bool(self._rest or self._lines)

    def feed(self, received: bytes) -> list[Reply]:
        """The replies that are complete now."""
        *lines, self._rest = (self._rest + received).split(b"\n")  # some relays end lines with a bare LF
        replies = []
        for line in lines:
            self._lines.append(line[4:].rstrip(b"\r"))
            if line[3:4] not in b" -\r" or not line[:3].isdigit():
                replies.append(self._nonsense(line))
            elif line[3:4] != b"-":
                replies.append(Reply(int(line[:3]), b"\n".join(self._lines)))
                self._lines.clear()
        if self.is_amid and len(self._rest) + sum(map(len, self._lines)) > MAX_REPLY:
            replies.append(self._nonsense(b"more than %d bytes without an end" % MAX_REPLY))
            self._rest = b""
        return replies

    def _nonsense(self, line: bytes) -> Reply:
        self._lines.clear()
        return Reply(NOT_SMTP, ascii(line[:60].decode("latin-1")).encode())

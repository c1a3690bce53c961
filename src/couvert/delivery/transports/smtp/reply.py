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
LAST_WORDS = frozenset({421, NOT_SMTP})
"""After these nothing is worth waiting for."""

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
        lines = (self._rest + received).split(b"\n")  # some relays end lines with a bare LF
        self._rest = lines.pop()
        replies = []
        for line in lines:
            code, mark, text = line[:3], line[3:4], line[4:].rstrip(b"\r")
            if not code.isdigit() or mark not in b" -\r":
                replies.append(self._nonsense(line))
            elif mark == b"-":
                self._lines.append(text)
            elif self._lines:
                replies.append(self._of_many_lines(code, text))
            else:
                replies.append(Reply(int(code), text))
        if (self._rest or self._lines) and len(self._rest) + sum(len(text) + 6 for text in self._lines) > MAX_REPLY:
            replies.append(self._nonsense(b"more than %d bytes without an end" % MAX_REPLY))
            self._rest = b""
        return replies

    def _of_many_lines(self, code: bytes, last: bytes) -> Reply:
        text = b"\n".join([*self._lines, last])
        self._lines.clear()
        return Reply(int(code), text)

    def _nonsense(self, line: bytes) -> Reply:
        self._lines.clear()
        return Reply(NOT_SMTP, ascii(line[:60].decode("latin-1")).encode())

"""What a receiver answered: its status, how long it wants to be left alone, and the beginning of its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import httptools

EXCERPT: Final = 1_024
"""Bytes of the body that are kept."""


@dataclass(slots=True)
class Answer:
    status: int | None = None
    error: str | None = None
    """Why there is no status."""
    retry_after: str | None = None
    is_complete: bool = False
    body: bytearray = field(default_factory=bytearray)
    """No more of it than the excerpt takes."""

    @property
    def excerpt(self) -> str | None:
        """In at most 1 kB of UTF-8."""
        text = bytes(self.body).decode("utf-8", "replace").replace("\0", "\ufffd")
        return text.encode()[:EXCERPT].decode("utf-8", "ignore") or None


class Hearing:
    """Parses an answer as it comes in; what is only interim (100, 103) is passed over."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._retry_after: str | None = None
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Raises `httptools.HttpParserError`."""
        self._parser.feed_data(data)

    # --- What the parser calls ----------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:
            self._answer.status, self._answer.retry_after = status, self._retry_after

    def on_body(self, body: bytes) -> None:
        self._answer.body += body[: EXCERPT - len(self._answer.body)]

    def on_message_complete(self) -> None:
        self._answer.is_complete = self._answer.status is not None

"""What SES answered, as HTTP has it, and what kept it from answering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from couvert.domain.notice_statements import LONGEST_WORDS

_decoder: Final = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def said(self) -> Mapping[str, Any]:
        """The body, if it is a JSON object."""
        try:
            found = _decoder.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def error_type(self) -> str:
        """Such as `MessageRejected`: without the namespace before it and the address after it."""
        said = self.said
        written = self.headers.get("x-amzn-errortype") or said.get("__type") or said.get("code") or ""
        return str(written)[:LONGEST_WORDS].partition(":")[0].rpartition("#")[2]

    @property
    def words(self) -> str:
        said = self.said
        return str(said.get("message") or said.get("Message") or "")[:LONGEST_WORDS]

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.status), f"{self.error_type}:" if self.error_type else "", self.words)))


class NotSent(Exception):
    """The connection broke before the last byte of the body was written."""


class NotAnswered(Exception):
    """The whole call was written, and no answer came."""

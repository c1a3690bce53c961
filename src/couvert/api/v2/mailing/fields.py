"""Kinds of values that a mail's body is made of, each checked and brought to its one form."""

from __future__ import annotations

import binascii
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from couvert.commands.addresses import AddressFault, normalise
from couvert.domain.lines import is_one_line

LONGEST_LINE: Final = 1_000
_NOT_IN_TEXT: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))


def _one_line(text: str) -> str:
    if not is_one_line(text):
        raise ValueError("line breaks and control characters are not allowed")
    return text


def _without_controls(text: str) -> str:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair is no character") from None
    if len(encoded.translate(None, _NOT_IN_TEXT)) != len(encoded):
        raise ValueError("control characters other than tabs and line breaks are not allowed")
    return text


def _address(text: str) -> str:
    try:
        return normalise(text)
    except AddressFault as fault:
        raise ValueError(f"value is not a valid email address: {fault}") from None


def _from_base64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("must be a string of base64")  # noqa: TRY004 - Pydantic takes a ValueError for a fault
    try:
        # Encoders break lines at 76; nothing else may stand between.
        return binascii.a2b_base64("".join(value.split()), strict_mode=True) if value else b""
    except ValueError as fault:
        raise ValueError(f"is not base64: {fault}") from None


Line = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_one_line)]
"""One line, perhaps empty."""
Text = Annotated[str, AfterValidator(_without_controls)]
Address = Annotated[
    str, AfterValidator(_address), WithJsonSchema({"type": "string", "format": "email", "maxLength": 254})
]
Base64 = Annotated[bytes, BeforeValidator(_from_base64), WithJsonSchema({"type": "string", "format": "byte"})]

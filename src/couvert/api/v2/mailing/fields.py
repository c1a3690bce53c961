"""Kinds of values that a mail's body is made of, each checked and brought to its one form."""

from __future__ import annotations

import binascii
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from couvert.api.fields import address, one_line, without_controls

LONGEST_LINE: Final = 1_000
PIECE: Final = 4_000_000
"""Characters; a multiple of the four that make three bytes."""


def _from_base64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("must be a string of base64")  # noqa: TRY004 - Pydantic takes a ValueError for a fault
    try:
        # Encoders break lines at 76; nothing else may stand between.
        return _decoded("".join(value.split()))
    except ValueError as fault:
        raise ValueError(f"is not base64: {fault}") from None


def _decoded(text: str) -> bytes:
    """A piece at a time, so that other threads have their turns: 30 MB at once would take 40 ms."""
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    if any("=" in piece for piece in pieces[:-1]):
        raise ValueError("Excess data after padding")
    return b"".join([binascii.a2b_base64(piece, strict_mode=True) for piece in pieces])


Line = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(one_line)]
"""One line, perhaps empty."""
FilledLine = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE), AfterValidator(one_line)]
Text = Annotated[str, AfterValidator(without_controls)]
Address = Annotated[
    str, AfterValidator(address), WithJsonSchema({"type": "string", "format": "email", "maxLength": 254})
]
Base64 = Annotated[bytes, BeforeValidator(_from_base64), WithJsonSchema({"type": "string", "format": "byte"})]

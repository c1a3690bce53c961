"""Kinds of values that a mail's body is made of, each checked and brought to its one form."""

from __future__ import annotations

import binascii
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from couvert.api.fields import address, one_line, without_controls

LONGEST_LINE: Final = 1_000


def _from_base64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("must be a string of base64")  # noqa: TRY004 - Pydantic takes a ValueError for a fault
    try:
        # Encoders break lines at 76; nothing else may stand between.
        return binascii.a2b_base64("".join(value.split()), strict_mode=True) if value else b""
    except ValueError as fault:
        raise ValueError(f"is not base64: {fault}") from None


Line = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(one_line)]
"""One line, perhaps empty."""
FilledLine = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE), AfterValidator(one_line)]
Text = Annotated[str, AfterValidator(without_controls)]
Address = Annotated[
    str, AfterValidator(address), WithJsonSchema({"type": "string", "format": "email", "maxLength": 254})
]
Base64 = Annotated[bytes, BeforeValidator(_from_base64), WithJsonSchema({"type": "string", "format": "byte"})]

"""What a repeat with the same Idempotency-Key is told: the first answer's status and data, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec


class Kept(msgspec.Struct, frozen=True, array_like=True):
    status: int
    data: Mapping[str, Any]

    def encoded(self) -> bytes:
        return _encoder.encode(self)

    @classmethod
    def decoded(cls, answer: bytes) -> Kept:
        return _decoder.decode(answer)


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Kept)

"""What the edge refuses by itself, before any rule of the product is asked.

Refusal
├── MethodNotAllowed        the address exists, the method does not
├── UnsupportedMediaType    a body that says it is not JSON
├── BodyTooLarge            longer than the setting allows
├── MalformedRequest        not HTTP
├── MalformedBody           not JSON
└── InvalidBody             JSON, but not what was asked for; lists every fault
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from couvert.domain.refusals import Refusal


class Fault(TypedDict):
    """One fault of a body, in Pydantic's words; safe and small enough to be sent back."""

    type: str
    loc: Sequence[str | int]
    msg: str
    input: object


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"Allowed here: {allowed}.")
        self.allowed = allowed


class UnsupportedMediaType(Refusal):
    code = "unsupported_media_type"


class BodyTooLarge(Refusal):
    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A body has at most {limit:,} bytes here.")


class MalformedRequest(Refusal):
    code = "malformed_request"


class MalformedBody(Refusal):
    code = "malformed_json"


class InvalidBody(Refusal):
    code = "invalid_body"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("Request validation failed")
        self.faults = faults

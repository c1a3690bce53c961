"""A body that is not what was asked for: every fault, in exactly Pydantic's four keys, safe to send back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from couvert.api.refusals import Fault, InvalidBody, MalformedBody

M = TypeVar("M", bound=BaseModel)

LONGEST_TEXT: Final = 200
MOST_MEMBERS: Final = 10
DEEPEST: Final = 3
OURS: Final = "Value error, "
"""What Pydantic puts before the words of a rule of ours; before an address's, it never did."""
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def validated(model: type[M], raw: bytes) -> M:
    """Raises `MalformedBody`, or `InvalidBody` with all faults."""
    if b"NaN" in raw or b"Infinity" in raw:
        _refuse_no_numbers(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        faults = _details(error)
    if faults[0]["type"] != "json_invalid":
        raise InvalidBody(faults)
    try:
        return model.model_validate(_with_half_pairs(raw, faults[0]["msg"]))
    except ValidationError as error:
        raise InvalidBody(_details(error)) from None


def echo(value: object, deep: int = 0) -> object:
    """What was sent, cut to what tells its sender where to look: an answer is not to carry 5 MB back."""
    match value:
        case str():
            return _text(value)
        case bool() | float() | None:
            return value
        case int():
            # Clients read numbers as doubles, and the encoder's end at 64 bits.
            return value if abs(value) < 1 << 53 else _text(str(value))
        case Mapping() if deep < DEEPEST:
            members = {_text(str(name)): echo(member, deep + 1) for name, member in islice(value.items(), MOST_MEMBERS)}
            return members | ({"…": "…"} if len(value) > MOST_MEMBERS else {})
        case list() if deep < DEEPEST:
            return [echo(each, deep + 1) for each in value[:MOST_MEMBERS]] + ["…"] * (len(value) > MOST_MEMBERS)
        case _:
            return "…"


def _details(error: ValidationError) -> list[Fault]:
    return [
        {"type": each["type"], "loc": each["loc"], "msg": each["msg"].removeprefix(OURS), "input": _input(each)}
        for each in error.errors(include_url=False, include_context=False)
    ]


def _input(fault: Mapping[str, Any]) -> object:
    """Null for what is missing: Pydantic would give the whole object that it is missing from."""
    return None if fault["type"] == "missing" else echo(fault["input"])


def _refuse_no_numbers(raw: bytes) -> None:
    """The fast parser takes these for numbers, and would not look at them in a field that is ignored."""

    def refuse(name: str) -> None:
        raise MalformedBody(f"{name} is not JSON.")

    # What else is wrong, the fast parser says in its own words.
    with suppress(ValueError, RecursionError):
        json.loads(raw.decode(), parse_constant=refuse)


def _with_half_pairs(raw: bytes, msg: str) -> object:
    r"""The body if all that is wrong with it is half a surrogate pair.

    The fast parser calls `"\ud800"` malformed. It is JSON (RFC 8259, 8.2), and a fault that has a place.
    """
    try:
        if _SURROGATE.search(raw):
            return json.loads(raw.decode())
    except (ValueError, RecursionError):
        pass
    raise MalformedBody(f"{msg}.")


def _text(text: str) -> str:
    cut = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return cut.encode("utf-8", "replace").decode()

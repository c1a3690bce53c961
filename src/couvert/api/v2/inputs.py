"""Path, query and body of a request, against the models of its call; every fault is found at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from couvert.api.v2.refusals import Faulty, Item

M = TypeVar("M", bound=BaseModel)

MOST_FAULTS: Final = 1_000
LONGEST_ECHO: Final = 2_000
_HALVES: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF: Final = re.compile("[\ud800-\udfff]")
OURS: Final = "Value error, "
"""What Pydantic puts before the words of a rule of ours."""


def body_of(model: type[M], raw: bytes) -> M:
    return checked(model, parsed(raw))


def text_of(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as fault:
        raise Faulty(
            [Item("body", f"is not UTF-8 (at byte {fault.start + 1:,}); save it as UTF-8", "encoding")]
        ) from None


def query_of(model: type[M], params: QueryParams) -> M:
    doubles = sorted({name for name in params if len(params.getlist(name)) > 1})
    if doubles:
        raise Faulty([Item(name, "was given more than once", "duplicate") for name in doubles])
    return checked(model, dict(params))


def parsed(raw: bytes) -> object:
    """JSON, strictly: UTF-8, no NaN, and no name twice in an object, since nobody can tell which one was meant."""
    try:
        value = _quick.decode(raw)
        if _kept_all(value, raw):
            return value
    except (ValueError, RecursionError):
        pass  # What exactly is wrong, the careful one says.
    return _parsed_with_care(raw)


def _kept_all(value: object, raw: bytes) -> bool:
    """Whether no name stood twice: each member has a colon, so that with all there it is written with as many."""
    return not _COLON.search(raw) and _write(value).count(b":") == raw.count(b":")


def _parsed_with_care(raw: bytes) -> object:
    """Three times slower than the quick way, which settles it for nearly all."""
    try:
        return (_careful if _HALVES.search(raw) else _decoder).decode(raw.decode())
    except _Double as double:
        raise _malformed(f"the name {double.args[0]!r} stands twice in one object") from None
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    except RecursionError:
        raise _malformed("it is nested too deeply") from None
    except ValueError as fault:
        raise _malformed(str(fault)) from None


def echo(model: BaseModel, hidden: frozenset[str]) -> Mapping[str, Any]:
    """What was understood, normalised; None too if it is longer than an answer should repeat."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=set(hidden))


class _Double(ValueError):
    pass


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        raise _Double(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return members


def _whole(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Half a surrogate pair in a value is told by whoever reads that value; in a name it would break the telling."""
    if any(_HALF.search(name) for name, _ in pairs):
        raise ValueError("a name holds half a surrogate pair, which is no character")
    return _unique(pairs)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_quick: Final = msgspec.json.Decoder()
_write: Final = msgspec.json.Encoder().encode
_COLON: Final = re.compile(rb"\\u003[aA]")
_decoder: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_number)
_careful: Final = json.JSONDecoder(object_pairs_hook=_whole, parse_constant=_no_number)


def _malformed(why: str) -> Faulty:
    return Faulty([Item("body", f"The body is not valid JSON: {why}.", "malformed")])


def checked(model: type[M], value: object) -> M:
    """Raises `Faulty`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Faulty(
            [_item(each) for each in error.errors(include_url=False, include_context=False)][:MOST_FAULTS]
        ) from None


def _item(fault: Any) -> Item:
    path = ".".join(map(str, fault["loc"])) or "body"
    return Item(path, fault["msg"].removeprefix(OURS), fault["type"])

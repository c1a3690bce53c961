"""Path, query and body of a request, against the models of its call; every fault is found at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from couvert.api.v2 import strict_json
from couvert.api.v2.refusals import Faulty, Item
from couvert.api.v2.strict_json import NotJson

M = TypeVar("M", bound=BaseModel)

MOST_FAULTS: Final = 1_000
LONGEST_ECHO: Final = 2_000
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
    try:
        return strict_json.parsed(raw)
    except NotJson as why:
        raise Faulty([Item("body", f"The body is not valid JSON: {why}.", "malformed")]) from None


def echo(model: BaseModel, hidden: frozenset[str]) -> Mapping[str, Any]:
    """What was understood, normalised; None too if it is longer than an answer should repeat."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=set(hidden))


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

"""What the bounds of a schema allow, and whether another schema's allow more or less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from couvert.openapi.difference import Difference, Effect, Kind, Place
from couvert.openapi.references import Json

_LOWEST: Final = ("minimum", "minLength", "minItems", "minProperties")
_HIGHEST: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_SWITCHES: Final = ("exclusiveMinimum", "exclusiveMaximum", "uniqueItems")
_SHAPES: Final = ("format", "pattern", "multipleOf")


def bounds(old: Json, new: Json, place: Place) -> Iterator[Difference]:
    for name in (*_LOWEST, *_HIGHEST, *_SWITCHES, *_SHAPES):
        before, after = old.get(name), new.get(name)
        if name in _SWITCHES:
            before, after = before or None, after or None
        if before != after:
            yield place.differs(Kind.CHANGED, _effect(name, before, after), _sentence(name, before, after))


def values(old: Json, new: Json, place: Place) -> Iterator[Difference]:
    """What `enum` lists."""
    before, after = old.get("enum"), new.get("enum")
    if before is None or after is None:
        if before is not after:
            yield place.differs(Kind.CHANGED, _effect("enum", before, after), _listed(before, after))
        return
    if gone := [value for value in before if value not in after]:
        yield place.differs(Kind.REMOVED, Effect.NARROWED, f"No longer a value: {_words(gone)}.")
    if new_ones := [value for value in after if value not in before]:
        yield place.differs(Kind.ADDED, Effect.WIDENED, f"New values: {_words(new_ones)}.")


def _effect(name: str, before: Any, after: Any) -> Effect:
    if before is None:
        return Effect.NARROWED
    if after is None:
        return Effect.WIDENED
    if name in _LOWEST:
        return Effect.NARROWED if after > before else Effect.WIDENED
    if name in _HIGHEST:
        return Effect.NARROWED if after < before else Effect.WIDENED
    return Effect.REPLACED


def _sentence(name: str, before: Any, after: Any) -> str:
    if before is None:
        return f"`{name}` is {_words([after])} now; there was none."
    if after is None:
        return f"`{name}`, which was {_words([before])}, is gone."
    return f"`{name}` is {_words([after])} now; it was {_words([before])}."


def _listed(before: Any, after: Any) -> str:
    if after is None:
        return f"Any value now, no longer only {_words(before)}."
    return f"Only these values now: {_words(after)}."


def _words(listed: list[Any]) -> str:
    return ", ".join(f"`{_json(value)}`" for value in listed)


def _json(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case _:
            return str(value)

"""Compares two schemas in one direction, field by field; a schema that contains itself is looked into once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from couvert.openapi.bounds import bounds, values
from couvert.openapi.difference import Difference, Effect, Kind, Place
from couvert.openapi.references import Json, References, name_of

Pair = tuple[str, str]
DEEPEST: Final = 40


class SchemaDiffer:
    def __init__(self, old: References, new: References) -> None:
        self._old, self._new = old, new

    def compare(self, old: Any, new: Any, place: Place, above: frozenset[Pair] = frozenset()) -> Iterator[Difference]:
        pair = (name_of(old) or "", name_of(new) or "")
        if all(pair):
            if pair in above:
                return
            above |= {pair}
        before, after = self._old.schema(old), self._new.schema(new)
        if (before == after and not _refers(before)) or len(place.path) > DEEPEST:
            return
        if before.get("type") != after.get("type"):
            words = f"It is {_type(after)} now; it was {_type(before)}."
            yield place.differs(Kind.CHANGED, _type_effect(before, after), words)
            return
        yield from self._itself(before, after, place)
        yield from self._properties(before, after, place, above)
        yield from self._inside("items", before, after, place, above)
        yield from self._others(before, after, place, above)
        for choice in ("anyOf", "oneOf"):
            yield from self._choices(choice, before, after, place, above)

    def _itself(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        if bool(old.get("nullable")) != bool(new.get("nullable")):
            effect = Effect.WIDENED if new.get("nullable") else Effect.NARROWED
            words = "It may be null now." if new.get("nullable") else "It may no longer be null."
            yield place.differs(Kind.CHANGED, effect, words)
        if not old.get("deprecated") and new.get("deprecated"):
            yield place.differs(Kind.DEPRECATED, Effect.NONE, "It is deprecated: use it in nothing new.")
        elif old.get("deprecated") and not new.get("deprecated"):
            yield place.differs(Kind.CHANGED, Effect.NONE, "It is no longer deprecated.")
        if old.get("default") != new.get("default"):
            yield _default(old, new, place)
        yield from values(old, new, place)
        yield from bounds(old, new, place)

    def _properties(self, old: Json, new: Json, place: Place, above: frozenset[Pair]) -> Iterator[Difference]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in (*after, *(name for name in before if name not in after)):
            field = place.at(name)
            if name not in before:
                yield _added(field, must_be=name in is_required)
            elif name not in after:
                yield field.differs(Kind.REMOVED, Effect.REPLACED, "The field was removed.")
            else:
                yield from _requirement(field, was=name in was_required, is_=name in is_required)
                yield from self.compare(before[name], after[name], field, above)

    def _inside(self, key: str, old: Json, new: Json, place: Place, above: frozenset[Pair]) -> Iterator[Difference]:
        if key in old or key in new:
            yield from self.compare(old.get(key, {}), new.get(key, {}), place, above)

    def _others(self, old: Json, new: Json, place: Place, above: frozenset[Pair]) -> Iterator[Difference]:
        """`additionalProperties`: true if it is not there."""
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if before is False or after is False:
            if before is not after:
                effect = Effect.NARROWED if after is False else Effect.WIDENED
                words = (
                    "Fields that are not named are no longer allowed." if after is False else "More fields may be here."
                )
                yield place.differs(Kind.CHANGED, effect, words)
            return
        if before != after or isinstance(before, Mapping):
            yield from self.compare(_schema_of(before), _schema_of(after), place.at("*"), above)

    def _choices(self, key: str, old: Json, new: Json, place: Place, above: frozenset[Pair]) -> Iterator[Difference]:
        before = {self._label(self._old, choice): choice for choice in old.get(key, ())}
        after = {self._label(self._new, choice): choice for choice in new.get(key, ())}
        if bool(before) != bool(after):
            effect = Effect.WIDENED if before else Effect.NARROWED
            yield place.differs(Kind.CHANGED, effect, f"Its forms: {_labels(before)} before, {_labels(after)} now.")
            return
        for label, choice in after.items():
            if label in before:
                yield from self.compare(before[label], choice, place, above)
            else:
                yield place.differs(Kind.ADDED, Effect.WIDENED, f"It may also be {label}.")
        for label in before:
            if label not in after:
                yield place.differs(Kind.REMOVED, Effect.NARROWED, f"It may no longer be {label}.")

    def _label(self, references: References, choice: Any) -> str:
        """What tells one form from the others: its name, title or type, at worst itself."""
        schema = references.schema(choice)
        if name := name_of(choice) or schema.get("title"):
            return f"`{name}`"
        if "type" in schema:
            return _type(schema)
        return json.dumps(schema, sort_keys=True)


def _added(field: Place, *, must_be: bool) -> Difference:
    if field.is_answer:
        return field.differs(Kind.ADDED, Effect.NONE, "The field was added.")
    if must_be:
        return field.differs(Kind.ADDED, Effect.NARROWED, "The field was added and must be given.")
    return field.differs(Kind.ADDED, Effect.NONE, "The field was added and may be left out.")


def _requirement(field: Place, *, was: bool, is_: bool) -> Iterator[Difference]:
    if was and not is_:
        words = "The field may be missing now." if field.is_answer else "The field may be left out now."
        yield field.differs(Kind.CHANGED, Effect.WIDENED, words)
    elif is_ and not was:
        words = "The field is always there now." if field.is_answer else "The field must be given now."
        yield field.differs(Kind.CHANGED, Effect.NARROWED, words)


def _default(old: Json, new: Json, place: Place) -> Difference:
    """Whoever left a field out relied on what it stood for."""
    before, after = json.dumps(old.get("default")), json.dumps(new.get("default"))
    is_felt = "default" in old and not place.is_answer
    words = f"Left out, it means `{after}` now; it meant `{before}`."
    return place.differs(Kind.CHANGED, Effect.REPLACED if is_felt else Effect.NONE, words)


def _type_effect(old: Json, new: Json) -> Effect:
    match old.get("type"), new.get("type"):
        case ("integer", "number") | (_, None):
            return Effect.WIDENED
        case ("number", "integer") | (None, _):
            return Effect.NARROWED
        case _:
            return Effect.REPLACED


def _type(schema: Json) -> str:
    kind = str(schema.get("type", "anything"))
    return kind if kind == "anything" else f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


def _labels(labels: Mapping[str, Any]) -> str:
    return " or ".join(labels) or "one"


def _refers(schema: Any) -> bool:
    """Whether something in it stands elsewhere, and may differ there although it reads alike here."""
    if isinstance(schema, Mapping):
        return "$ref" in schema or any(map(_refers, schema.values()))
    return isinstance(schema, list) and any(map(_refers, schema))


def _schema_of(others: Any) -> Json:
    return others if isinstance(others, Mapping) else {}

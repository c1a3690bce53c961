"""Compares what one call takes and answers: parameters, body, statuses, headers, credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from couvert.openapi.difference import Difference, Effect, Kind, Place
from couvert.openapi.references import Json, References
from couvert.openapi.schemas import SchemaDiffer


class Exchanges:
    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = References(old), References(new)
        self._schemas = SchemaDiffer(self._old, self._new)

    def compare(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        """Of operations as `differ.operations` has them."""
        yield from self._security(old.get("security"), new.get("security"), place)
        yield from self._parameters(old["parameters"], new["parameters"], place)
        yield from self._body(old.get("requestBody"), new.get("requestBody"), place._replace(part="request"))
        yield from self._answers(old.get("responses", {}), new.get("responses", {}), place)

    def _security(self, old: Any, new: Any, place: Place) -> Iterator[Difference]:
        before, after = _credentials(old), _credentials(new)
        if before == after:
            return
        words = f"Credentials: {_either(after)} now, {_either(before)} before."
        is_open = "nothing" in after or (before <= after and "nothing" not in before)
        yield place.differs(Kind.CHANGED, Effect.WIDENED if is_open else Effect.NARROWED, words)

    def _parameters(self, old: dict[str, Json], new: dict[str, Json], place: Place) -> Iterator[Difference]:
        for key in (*new, *(key for key in old if key not in new)):
            named = (new.get(key) or old[key]).get("name", "")
            there = place._replace(part=f"parameter {named}")
            if key not in old:
                must_be = bool(new[key].get("required"))
                words = "The parameter was added and must be given." if must_be else "The parameter was added."
                yield there.differs(Kind.ADDED, Effect.NARROWED if must_be else Effect.NONE, words)
            elif key not in new:
                yield there.differs(Kind.REMOVED, Effect.REPLACED, "The parameter was removed.")
            else:
                yield from self._parameter(old[key], new[key], there)

    def _parameter(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        if bool(old.get("required")) != bool(new.get("required")):
            effect = Effect.NARROWED if new.get("required") else Effect.WIDENED
            words = "The parameter must be given now." if new.get("required") else "The parameter may be left out now."
            yield place.differs(Kind.CHANGED, effect, words)
        if new.get("deprecated") and not old.get("deprecated"):
            yield place.differs(Kind.DEPRECATED, Effect.NONE, "The parameter is deprecated: use it in nothing new.")
        yield from self._schemas.compare(old.get("schema", {}), new.get("schema", {}), place)
        yield from self._content(old, new, place)

    def _body(self, old: Any, new: Any, place: Place) -> Iterator[Difference]:
        before, after = self._old.resolve(old), self._new.resolve(new)
        must_be, had_to_be = bool(after.get("required")), bool(before.get("required"))
        if not before and after:
            effect = Effect.NARROWED if must_be else Effect.NONE
            yield place.differs(Kind.ADDED, effect, f"A body {'must' if must_be else 'may'} be sent now.")
        elif before and not after:
            yield place.differs(Kind.REMOVED, Effect.REPLACED, "The body was removed.")
        else:
            if must_be != had_to_be:
                words = "The body must be sent now." if must_be else "The body may be left out now."
                yield place.differs(Kind.CHANGED, Effect.NARROWED if must_be else Effect.WIDENED, words)
            yield from self._content(before, after, place)

    def _answers(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        for status in (*new, *(status for status in old if status not in new)):
            there = place._replace(part=f"answer {status}", is_answer=True)
            if status not in old:
                yield there.differs(Kind.ADDED, Effect.NONE, "The status was added.")
            elif status not in new:
                yield there.differs(Kind.REMOVED, Effect.REPLACED, "The status was removed.")
            else:
                before, after = self._old.resolve(old[status]), self._new.resolve(new[status])
                yield from self._headers(before.get("headers", {}), after.get("headers", {}), there)
                yield from self._content(before, after, there)

    def _headers(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        before = {name.lower(): header for name, header in old.items()}
        for name, header in new.items():
            there = place._replace(part=f"{place.part} header {name}")
            if name.lower() not in before:
                yield there.differs(Kind.ADDED, Effect.NONE, "The header was added.")
            else:
                was, is_ = self._old.resolve(before.pop(name.lower())), self._new.resolve(header)
                if was.get("required") and not is_.get("required"):
                    yield there.differs(Kind.CHANGED, Effect.WIDENED, "The header may be missing now.")
                yield from self._schemas.compare(was.get("schema", {}), is_.get("schema", {}), there)
        for name in before:
            there = place._replace(part=f"{place.part} header {name}")
            yield there.differs(Kind.REMOVED, Effect.REPLACED, "The header was removed.")

    def _content(self, old: Json, new: Json, place: Place) -> Iterator[Difference]:
        before, after = old.get("content", {}), new.get("content", {})
        for kind, content in after.items():
            if kind in before:
                there = place if kind == "application/json" else place._replace(part=f"{place.part} ({kind})")
                was, is_ = before[kind].get("schema", {}), content.get("schema", {})
                yield from self._schemas.compare(was, is_, there)
            else:
                yield place.differs(Kind.ADDED, Effect.NONE, f"Also as `{kind}`.")
        for kind in before:
            if kind not in after:
                yield place.differs(Kind.REMOVED, Effect.REPLACED, f"No longer as `{kind}`.")


def _credentials(security: Any) -> set[str]:
    """The ways to be let in, each by the schemes that it takes together."""
    return {" with ".join(sorted(way)) or "nothing" for way in security or [{}]}


def _either(ways: set[str]) -> str:
    return " or ".join(sorted(ways))

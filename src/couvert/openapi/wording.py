"""What changed in words or examples only: worth an entry, and nothing a client would notice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from couvert.openapi.difference import Difference, Effect, Kind, Place


def wording(old: Any, new: Any, place: Place) -> Iterator[Difference]:
    if old != new:
        yield place.differs(Kind.CHANGED, Effect.NONE, "The description or an example was revised.")

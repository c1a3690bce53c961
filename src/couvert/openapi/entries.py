"""An entry of the changelog: a day, what to call it, and the differences it tells of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from couvert.openapi.condensed import condensed
from couvert.openapi.differ import differences, operations
from couvert.openapi.difference import Difference, Kind
from couvert.openapi.references import Json

SHOWN: Final = 20
"""Entries of the newest days, in every form the changelog is read in."""


class Entry(NamedTuple):
    day: str
    """UTC, as `2026-11-22`."""
    recorded_at: int
    title: str
    differences: Sequence[Difference]

    @property
    def is_breaking(self) -> bool:
        return any(difference.is_breaking for difference in self.differences)

    def of_kind(self, kind: Kind) -> list[Difference]:
        """The breaking ones first, otherwise in the order of the document."""
        found = [difference for difference in self.differences if difference.kind is kind]
        return sorted(found, key=lambda difference: not difference.is_breaking)


def first(document: Json) -> tuple[str, list[Difference]]:
    """Title and differences of the first entry: every call is new."""
    return f"First published: {len(operations(document))} calls", differences({**document, "paths": {}}, document)


def since(old: Json, new: Json) -> tuple[str, list[Difference]]:
    """Title and differences; if there are none, there is nothing to tell."""
    found = condensed(differences(old, new))
    return _title(found), found


def encode(found: Sequence[Difference]) -> str:
    return msgspec.json.encode(found).decode()


def decode(text: str) -> list[Difference]:
    stored: list[Any] = msgspec.json.decode(text)
    return [Difference(Kind(kind), where, sentence, is_breaking) for kind, where, sentence, is_breaking in stored]


def _title(found: Sequence[Difference]) -> str:
    """`2 added, 1 removed (1 breaking)`."""
    counts = Counter(difference.kind for difference in found)
    breaking = sum(difference.is_breaking for difference in found)
    words = ", ".join(f"{counts[kind]} {kind}" for kind in Kind if counts[kind])
    return f"{words} ({breaking} breaking)" if breaking else words

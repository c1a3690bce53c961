"""One difference between two OpenAPI documents, and when it breaks a client."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    DEPRECATED = "deprecated"
    REMOVED = "removed"


class Effect(StrEnum):
    """What a difference does to the set of values that are allowed in its place."""

    NARROWED = "narrowed"
    WIDENED = "widened"
    REPLACED = "replaced"
    """Some that were allowed are not, and some that were not are."""
    NONE = "none"


class Difference(NamedTuple):
    kind: Kind
    where: str
    """`POST /v2/mails request recipients.email`."""
    sentence: str
    is_breaking: bool


class Place(NamedTuple):
    """Where one looks, and in which direction values travel there."""

    operation: str
    """`POST /v2/mails`; empty for the document itself."""
    part: str = ""
    """`request`, `answer 200`, `parameter limit`."""
    is_answer: bool = False
    path: tuple[str, ...] = ()

    def at(self, *names: str) -> Place:
        return self._replace(path=(*self.path, *names))

    def __str__(self) -> str:
        return " ".join(filter(None, (self.operation, self.part, ".".join(self.path))))

    def differs(self, kind: Kind, effect: Effect, sentence: str) -> Difference:
        return Difference(kind, str(self), sentence, self._is_breaking(effect))

    def _is_breaking(self, effect: Effect) -> bool:
        """A client breaks if what it sends is no longer taken, or if it is sent what it never had to expect."""
        return effect is Effect.REPLACED or effect is (Effect.WIDENED if self.is_answer else Effect.NARROWED)
